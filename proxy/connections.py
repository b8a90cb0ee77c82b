"""How a connection is treated before it has asked anything: bounded in bytes and in time.

uvicorn's own protocol takes request heads of any size and waits for ever for their end.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_AT_MOST = 64 << 10
HEAD_SECONDS = 20.0


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, closing connections whose request head is too large or too slow."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the clock for the first head."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._in_body = False
        self._late = self.loop.call_later(HEAD_SECONDS, self._close_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._late.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head. One piece may bring a head and much of its body."""
        room = len(data) if self._in_body else HEAD_AT_MOST - self._head_bytes
        first, rest = data[:room], data[room:]
        if not self._in_body:
            self._head_bytes += len(first)
        super().data_received(first)
        if not rest or self.transport.is_closing():
            return
        if not self._in_body and self._head_bytes >= HEAD_AT_MOST:
            self.transport.close()
        else:
            self.data_received(rest)

    def on_headers_complete(self) -> None:
        """The head is whole: what follows is a body, or the next head."""
        self._late.cancel()
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next bytes begin another head, however soon; how long it may idle is uvicorn's to say."""
        super().on_message_complete()
        self._in_body = False
        self._head_bytes = 0

    def _close_late(self) -> None:
        self.transport.close()
