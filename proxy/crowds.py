"""How many connections there may be: fewer than the system lets this process open files.

Whoever comes beyond that is turned away at once. Else a crowd of idle connections would take the last descriptor, and
neither the cache nor the journal could open a file for those who are served.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import time

from proxy.prompt import PromptProtocol

log = logging.getLogger(__name__)

RESERVE = 256
"""Descriptors for cache, journal, database and upstream; a quarter of all where there are few."""
TOLD_EVERY = 60.0


def most_connections() -> int:
    """Return how many connections leave enough descriptors for everything else."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit - min(RESERVE, limit // 4)


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
