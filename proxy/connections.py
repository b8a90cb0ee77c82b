"""How a connection is treated, whatever is asked on it: bounded in bytes and in time, in both directions.

uvicorn's own protocol takes request heads of any size, and waits for ever: for the end of a head or a body, and for
a client that has stopped reading its answer. Decided here:

* A head ends within :data:`HEAD_SECONDS` of its first byte, also on a connection that was good before.
* While a body is on its way, or an answer waits to be taken, at least :data:`LEAST` bytes move in every
  :data:`WINDOW` seconds. Installers give up far sooner by themselves.
* Whatever an answer leaves waiting in this process counts, and there is room for so much (:mod:`proxy.untaken`).
* What comes with a body and is no part of it (remarks on chunks, trailers) is bounded as a head is, and is no header:
  uvicorn adds trailers to those of the request that is being answered, without end.
* Few requests may wait on a connection for the one before them: each is held in memory, and no installer sends more.
* What was asked before something that ends the connection (a malformed request, one too many) is answered first:
  it may be on the record as handed out.
* Nobody switches to another protocol.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from proxy.policy.credentials import network
from proxy.untaken import Untaken

HEAD_AT_MOST = 64 << 10
HEAD_SECONDS = 20.0
WINDOW = 60.0
LEAST = 16 << 10

PIPELINED_AT_MOST = 16

UNSENT_AT_FIRST, UNSENT_LATER = 128 << 10, 1 << 20
"""Bytes that the system takes for a client before they can be on their way: at first, and from one who took some.

By itself Linux takes four megabytes for each: for hundreds who read nothing whole files would be copied, in everybody's
time, into memory that no figure of this process shows. Who reads is sent more at once, or the turns between cost speed.
"""
TAKING = 8
"""Pieces of :data:`UNSENT_AT_FIRST` or so that went on after they waited: more than a client's system takes alone."""

Part = Literal["head", "body", ""]

_untaken = Untaken()


def leave_unsent(place: socket.socket, size: int) -> None:
    """Have the system take so many bytes for a client before they can be on their way, where it can be told."""
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None and place.family != socket.AF_UNIX:
        place.setsockopt(socket.IPPROTO_TCP, option, size)


class GuardedProtocol(HttpToolsProtocol):
    """HTTP/1.1 by httptools, closing connections that bring too much, or too slowly, or take nothing."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Start the clock for the first head."""
        super().connection_made(transport)
        self._head_bytes = self._body_bytes = self._beside_bytes = 0
        self._in_body = False
        self._waits_for: Part = ""
        self._clock: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._paused = self._moved = False
        self._resumed = 0
        self._ending: Callable[[], None] | None = None
        self._address = network(self.client[0]) if self.client else ""
        # Also the last bytes of an answer are waited for by a clock; beneath TLS nothing at all would be as much as 0.
        transport.set_write_buffer_limits(high=1, low=0)
        self._wait_for("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and let go of what waits."""
        self._wait_for("")
        if self._stalled is not None:
            self._stalled.cancel()
        _untaken.done(self._address, self.transport)
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head. One piece may bring a head and much of its body."""
        if self._ending is not None:
            return
        room = len(data) if self._in_body else HEAD_AT_MOST - self._head_bytes
        first, rest = data[:room], data[room:]
        if self._in_body:
            self._body_bytes += len(first)
            self._beside_bytes += len(first)
        else:
            self._head_bytes += len(first)
        super().data_received(first)
        if self._beside_bytes > HEAD_AT_MOST:
            self._close()
        self._wait_for("body" if self._in_body else "head" if self._head_bytes else "")
        if not rest or self.transport.is_closing():
            return
        if not self._in_body and self._head_bytes >= HEAD_AT_MOST:
            self._close()
        else:
            self.data_received(rest)

    def on_headers_complete(self) -> None:
        """The head is whole: what follows is a body, or the next head. One too many ends the connection."""
        if len(self.pipeline) >= PIPELINED_AT_MOST:
            self._end(self.transport.abort)
        if self.pipeline and (self._ending is not None or self.transport.is_closing()):
            return  # whatever else came with this piece is nobody's any more
        self._in_body, self._body_bytes, self._beside_bytes = True, 0, 0
        self._wait_for("")
        super().on_headers_complete()
        self.headers = []  # what comes behind the body as if it were one goes there, and away with it

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._beside_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next bytes begin another head, however soon; how long it may idle is uvicorn's to say."""
        super().on_message_complete()
        self._in_body = False
        self._head_bytes = self._beside_bytes = 0

    def on_response_complete(self) -> None:
        """Go on with the next request, or end where that waited for this answer."""
        if self._ending is not None:
            self._ending()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that what came is no request."""
        self._end(partial(super().send_400_response, msg))

    def pause_writing(self) -> None:
        """The client takes less than it is sent: see whether it takes anything. Often: a quick client is paused too."""
        super().pause_writing()
        self._paused = True
        _untaken.wait(self._address, self.transport, self.transport.get_write_buffer_size())
        if self._stalled is None:
            self._stalled = self.loop.call_later(WINDOW, self._look_at_answer, self._unsent())

    def resume_writing(self) -> None:
        """The client took what it was sent."""
        self._paused, self._moved = False, True
        _untaken.done(self._address, self.transport)
        self._resumed += 1
        if self._resumed == TAKING:
            leave_unsent(self.transport.get_extra_info("socket"), UNSENT_LATER)
        super().resume_writing()

    def _wait_for(self, part: Part) -> None:
        """Have the clock run for what the connection waits for now."""
        if part == self._waits_for:
            return
        if self._clock is not None:
            self._clock.cancel()
        self._waits_for, self._clock = part, None
        if part == "head":
            self._clock = self.loop.call_later(HEAD_SECONDS, self._close)
        elif part == "body":
            self._clock = self.loop.call_later(WINDOW, self._look_at_body)

    def _look_at_body(self) -> None:
        """Close a connection whose body does not move, unless it is we who do not read it."""
        if self._body_bytes < LEAST and not self.flow.read_paused:
            self._close()
            return
        self._body_bytes = 0
        self._clock = self.loop.call_later(WINDOW, self._look_at_body)

    def _look_at_answer(self, before: int) -> None:
        """End a connection whose answer is not taken: what waits for it in memory is let go of at once."""
        self._stalled = None
        if not self._paused:
            return
        left = self._unsent()
        if not self._moved and before - left < LEAST:
            self.transport.abort()
            return
        self._moved = False
        self._stalled = self.loop.call_later(WINDOW, self._look_at_answer, left)

    def _unsent(self) -> int:
        """Return the bytes that are still to reach the client: here, and where the system says so, there."""
        left, system = self.transport.get_write_buffer_size(), bytearray(4)
        with suppress(OSError):
            fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, system)
        return left + int.from_bytes(system, sys.byteorder)

    def _close(self) -> None:
        self._end(self.transport.close)

    def _end(self, how: Callable[[], None]) -> None:
        """End the connection behind the answer that is being made; at once where none is, or it waits for a body."""
        answering = not getattr(self.cycle, "response_complete", True)  # there is no cycle before the first request
        if answering and (self.pipeline or not self._in_body):
            self._ending = self._ending or how
        else:
            how()
