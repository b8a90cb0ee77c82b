"""Pages on their way into memory: few at once, and of large ones fewer, until they were read.

Whoever answers for the index says how large its pages are, and all of them may be asked for at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from proxy.errors import UpstreamAway

AT_ONCE = 24
LARGE = 1 << 20
LARGE_AT_ONCE = 1
WAIT_SECONDS = 15.0


class Arrival:
    """One page that arrives."""

    def __init__(self, large: asyncio.Semaphore) -> None:
        self._large, self._is_large = large, False

    async def grown(self, size: int) -> None:
        """Note that so many bytes of it are there; a large one waits for its turn."""
        if size > LARGE and not self._is_large:
            await self._large.acquire()
            self._is_large = True

    def end(self) -> None:
        """Let the next one in."""
        if self._is_large:
            self._large.release()


class Arrivals:
    """All pages that arrive."""

    def __init__(self) -> None:
        self._turns, self._large = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LARGE_AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Arrival]:
        """Take a turn, until the page was read. Raises UpstreamAway where none comes."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise UpstreamAway("The upstream does not keep up with the pages that it is asked for.") from None
        arrival = Arrival(self._large)
        try:
            yield arrival
        finally:
            arrival.end()
            self._turns.release()
