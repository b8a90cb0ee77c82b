"""Carrying records to a syslog receiver over TCP or TLS.

Decided here:

* TCP has no receipt. A batch counts as delivered when the receiver's host has acknowledged every byte of it and
  the connection still stands half a second later: a receiver that dies with unread data resets it, and the batch
  is sent again. Records may arrive twice, and are told apart by their numbers.
* TLS is verified against the system's authorities, or against the file that the operator named.
"""

from __future__ import annotations

import asyncio
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
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, records: Sequence[tuple[Kind, Record]], _identity: str) -> None:
        """Deliver records, all or as if none. Raises OSError, TimeoutError."""
        frames = b"".join(syslog(kind, record, self._form, self._host) for kind, record in records)
        try:
            reader, writer = self._streams or await self._connect()
            self._streams = (reader, writer)
            async with asyncio.timeout(SEND_SECONDS):
                writer.write(frames)
                await writer.drain()
                await _acknowledged(writer)
            await _stands(reader)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = self._place
        context = None
        if place.scheme == "syslog+tls":
            context = ssl.create_default_context(cafile=str(place.ca) if place.ca else None)
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
        writer.transport.set_write_buffer_limits(high=0)  # drain waits until the system has everything
        return reader, writer


async def _acknowledged(writer: asyncio.StreamWriter) -> None:
    """Wait until the other host has acknowledged every byte: the system tells how many it has not."""
    number = writer.get_extra_info("socket").fileno()
    while struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, b"\0" * 4))[0]:
        await asyncio.sleep(LOOK_SECONDS)
        if writer.is_closing():
            raise ConnectionResetError("the receiver closed the connection")


async def _stands(reader: asyncio.StreamReader) -> None:
    """See to it that the connection still stands a moment later. Whatever a receiver may say is thrown away."""
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            while await reader.read(4096):
                pass
    except TimeoutError:
        return
    raise ConnectionResetError("the receiver closed the connection")
