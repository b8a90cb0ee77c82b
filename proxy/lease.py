"""One worker for background work: whoever holds the lease of a file does it, the others wait for their turn."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SECONDS = 5.0


@asynccontextmanager
async def lease(path: Path) -> AsyncIterator[None]:
    """Hold the lease on a file among all workers that share it; the system lets go of it when a process ends."""
    with path.open("w") as file:
        while not _taken(file.fileno()):
            await asyncio.sleep(SECONDS)  # another process holds a file lock: there is no event to wait for
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
