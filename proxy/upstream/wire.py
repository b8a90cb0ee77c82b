"""One TCP or TLS connection as httpcore wants it, with little memory and few layers.

httpcore's own backend lets the event loop read ahead several megabytes a connection (20 files at once
cost 100 MiB). Here reading pauses as soon as :data:`READ_AHEAD` bytes wait to be taken.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable
from typing import cast

import httpcore

READ_AHEAD = 256 << 10


class Wire(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """A connection: what the loop reads is queued here, what httpcore writes goes out from here."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._reading = True
        self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Queue what arrived, and pause when enough waits."""
        self._queue.append(bytes(data))
        self._queued += len(data)
        self._news.set()
        if self._queued >= READ_AHEAD and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """Note that the other side has said all."""
        self._ended = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._ended, self._error = True, exc
        self._news.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """Note that the other side is slow to take."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Note that it takes again."""
        self._writable.set()

    # --- what httpcore calls

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """Return what has arrived, b"" at the end. Raises httpcore.ReadTimeout or ReadError."""
        if not self._queue and not self._ended:
            self._news.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError as error:
                raise httpcore.ReadTimeout("nothing arrived in time") from error
        if self._queue:
            return self._take(max_bytes)
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    def _take(self, most: int) -> bytes:
        piece = self._queue.popleft()
        if len(piece) > most:
            self._queue.appendleft(piece[most:])
            piece = piece[:most]
        self._queued -= len(piece)
        if not self._reading and self._queued < READ_AHEAD and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Send bytes. Raises httpcore.WriteTimeout or WriteError."""
        if self._transport is None or self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed")
        if buffer:
            self._transport.write(buffer)
        try:
            async with asyncio.timeout(timeout):
                await self._writable.wait()
        except TimeoutError as error:
            raise httpcore.WriteTimeout("the other side takes nothing") from error
        if self._error is not None:
            raise httpcore.WriteError(str(self._error)) from self._error

    async def aclose(self) -> None:
        """Close at once: whatever is worth waiting for has been read."""
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from here on, with whom the certificate must name. Raises httpcore.ConnectError."""
        if self._transport is None:
            raise httpcore.ConnectError("there is no connection")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                self._transport = await loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            await self.aclose()
            raise httpcore.ConnectTimeout("no TLS handshake in time") from error
        except OSError as error:  # TLS errors are among them
            await self.aclose()
            raise httpcore.ConnectError(str(error)) from error
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> object:
        """Return what httpcore asks for: the TLS state, and whether an idle connection was closed."""
        if info == "is_readable":
            return bool(self._queue) or self._ended
        return self._transport.get_extra_info(info) if self._transport is not None else None


async def connect(
    address: str,
    port: int,
    timeout: float | None,  # noqa: ASYNC109 - as httpcore counts it
    local_address: str | None,
    options: Iterable[httpcore.SOCKET_OPTION],
) -> Wire:
    """Connect to an address, no name. Raises httpcore.ConnectTimeout or ConnectError."""
    local = None if local_address is None else (local_address, 0)
    try:
        async with asyncio.timeout(timeout):
            loop = asyncio.get_running_loop()
            transport, wire = await loop.create_connection(Wire, address, port, local_addr=local)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"no connection to {address} in time") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    for option in options:
        transport.get_extra_info("socket").setsockopt(*option)
    return wire
