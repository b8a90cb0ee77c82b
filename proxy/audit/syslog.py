"""Carrying records to a syslog receiver over TCP or TLS.

Decided here:

* TCP has no receipt. A batch counts as delivered when the receiver's host has acknowledged every byte of it and
  the connection still stands half a second later: a receiver that dies with unread data resets it, and the batch
  is sent again. Records may arrive twice, and are told apart by their numbers.
* TLS is verified against the system's authorities, or against the file that the operator named.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Sequence

from proxy.audit.destinations import Destination
from proxy.audit.forms import FORMS, Kind, Record, syslog

BATCH = 5000
CONNECT_SECONDS, SEND_SECONDS, SETTLE_SECONDS, LOOK_SECONDS = 10.0, 60.0, 0.5, 0.005


class SyslogSender:
    """One connection to one receiver, made when there is something to send."""

    batch = BATCH

    def __init__(self, place: Destination) -> None:
        self._place, self._form = place, FORMS[place.format]
        self._host = socket.gethostname()
        self._line: _Line | None = None

    async def send(self, records: Sequence[tuple[Kind, Record]], _identity: str) -> None:
        """Deliver records, all or as if none. Raises OSError, TimeoutError."""
        frames = b"".join(syslog(kind, record, self._form, self._host) for kind, record in records)
        if self._line is not None and self._line.ended:
            await self.close()
        try:
            self._line = self._line or await self._connect()
            await self._line.deliver(frames)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the connection."""
        line, self._line = self._line, None
        if line is not None:
            await line.cut()

    async def _connect(self) -> _Line:
        place = self._place
        context = None
        if place.scheme == "syslog+tls":
            context = ssl.create_default_context(cafile=str(place.ca) if place.ca else None)
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
        writer.transport.set_write_buffer_limits(high=0)  # drain waits until the system has everything
        return _Line(reader, writer)


class _Line:
    """A connection that stands until the receiver ends it. Whatever it may say is thrown away."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._number = writer.get_extra_info("socket").fileno()
        self._end = asyncio.create_task(_read_out(reader))

    @property
    def ended(self) -> bool:
        """Whether the receiver ended it."""
        return self._end.done()

    async def deliver(self, frames: bytes) -> None:
        """Send, and wait until all of it is acknowledged and the line still stands. Raises OSError, TimeoutError."""
        async with asyncio.timeout(SEND_SECONDS):
            self._writer.write(frames)
            await self._writer.drain()
            while not self.ended and self._unacknowledged():
                await asyncio.sleep(LOOK_SECONDS)
        await asyncio.wait({self._end}, timeout=SETTLE_SECONDS)
        if self.ended:
            raise ConnectionResetError("the receiver closed the connection")

    def _unacknowledged(self) -> int:
        """Return how many bytes the other host has not acknowledged yet, as the system tells it."""
        return int(struct.unpack("i", fcntl.ioctl(self._number, termios.TIOCOUTQ, b"\0" * 4))[0])

    async def cut(self) -> None:
        """End it at once."""
        self._end.cancel()
        await asyncio.wait({self._end})
        self._writer.transport.abort()


async def _read_out(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):  # reset or closed: it is over either way
        while await reader.read(4096):
            pass
