"""How many connections there may be: fewer than the system lets this process open files.

Whoever comes beyond that is turned away at once. Else a crowd of idle connections would take the last descriptor, and
neither the cache nor the journal could open a file for those who are served.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import time
from typing import Any

from proxy.prompt import PromptProtocol

log = logging.getLogger(__name__)

RESERVE = 256
"""Descriptors for cache, journal, database and upstream; a quarter of all where there are few."""
TOLD_EVERY = 60.0
_USED_UP = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_told: dict[int, float] = {}


def most_connections() -> int:
    """Return how many connections leave enough descriptors for everything else."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit - min(RESERVE, limit // 4)


def tell_seldom(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what the event loop complains of; that something of the system is used up, once a minute.

    It complains of that for every connection that it cannot take: thousands of times a second.
    """
    error = context.get("exception")
    code = error.errno if isinstance(error, OSError) else None
    if code in _USED_UP:
        now = time.monotonic()
        if now - _told.get(code, float("-inf")) < TOLD_EVERY:
            return
        _told[code] = now
    loop.default_exception_handler(context)


class CountedProtocol(PromptProtocol):
    """Turns away who comes when there are too many."""

    _told_at = float("-inf")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Count, and close at once what is too much."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            self._tell()
            transport.abort()

    def _tell(self) -> None:
        now = time.monotonic()
        if now - CountedProtocol._told_at > TOLD_EVERY:
            CountedProtocol._told_at = now
            said = "More than %d connections: others are turned away. Raise the limit of open files (ulimit -n)."
            log.error(said, most_connections())
