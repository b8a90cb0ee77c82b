"""Answers that are finished leave at once.

uvicorn makes a task of every request, and two writes and a timer of every answer: what an application has finished
(:class:`~proxy.web.http.Ready`) goes out in one write instead, as soon as the head of the request is read.
"""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache, partial
from typing import cast

from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from proxy.connections import GuardedProtocol
from proxy.errors import GateError
from proxy.web.http import Finished, Ready

log = logging.getLogger(__name__)

JOINED_AT_MOST = 64 << 10
"""Bytes of a body that are copied behind their head: a write of two pieces costs more than that."""


class PromptProtocol(GuardedProtocol):
    """Asks the application for a finished answer first, and makes a task where it has none."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Look whether the application has finished answers at all."""
        super().connection_made(transport)
        self._ready = self.app if isinstance(self.app, Ready) else None
        self._at_once = False
        self._idle: asyncio.TimerHandle | None = None
        self._answered = 0.0

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        if self._idle is not None:
            self._idle.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer at most one request of each piece at once."""
        self._at_once = True
        super().data_received(data)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer at once what is finished; everything else is a task, as uvicorn does it.

        One answer a piece of data: others who wait come first before what was sent behind it (pipelined). A client
        that is slow to take waits in a task as well.
        """
        finished = None
        if self._ready is not None and self._at_once and app is self.app and not self.flow.write_paused:
            finished = _at_hand(self._ready, cycle)
        self._at_once = False
        if finished is None or self._ready is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._ready.when_written(partial(self._answer, cycle, finished))

    def _answer(self, cycle: RequestResponseCycle, finished: Finished) -> None:
        """Send a finished answer, and be ready for the next request."""
        if cycle.disconnected or self.transport.is_closing():
            return
        cycle.response_started = cycle.response_complete = True
        self._send(finished, cycle)
        if not cycle.keep_alive:
            self.transport.close()
        elif self.pipeline or self._ending is not None:
            cycle.on_response()
        else:
            self._answered = self.loop.time()
            if self._idle is None:
                self._idle = self.loop.call_later(self.timeout_keep_alive, self._close_idle)

    def _close_idle(self) -> None:
        """Close a connection that asked nothing for long.

        uvicorn makes a timer behind every answer and cancels it before the next; a connection has one of ours.
        """
        self._idle = None
        left = self._answered + self.timeout_keep_alive - self.loop.time()
        if self.timeout_keep_alive_task is not None or not self.cycle.response_complete:
            return  # uvicorn's own timer runs, or will behind the answer that is being made
        if left <= 0:
            self.timeout_keep_alive_handler()
        else:
            self._idle = self.loop.call_later(left, self._close_idle)

    def _send(self, finished: Finished, cycle: RequestResponseCycle) -> None:
        usual = _usual(tuple(cycle.default_headers))
        head = b"%b%b%b\r\n" % (finished.head, usual, b"" if cycle.keep_alive else b"connection: close\r\n")
        if len(finished.body) <= JOINED_AT_MOST:
            self.transport.write(head + finished.body)
        else:
            self.transport.writelines((head, finished.body))


def _at_hand(ready: Ready, cycle: RequestResponseCycle) -> Finished | None:
    try:
        return ready.at_hand(cast(Scope, cycle.scope))
    except GateError:
        return None  # made anew, it is answered with what is wrong
    except Exception:
        log.exception("An answer at hand failed; it is made anew.")
        return None


@lru_cache(maxsize=8)
def _usual(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """Return the headers that uvicorn adds to every answer (the date, which changes every second)."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
