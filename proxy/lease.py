"""One worker for background work: whoever holds the lease of a file does it, the others wait for their turn."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SECONDS = 5.0


class Lease:
    """The lease of the file at ``path``, held until it is released; the system lets go of it when a process ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1
        self._asking = asyncio.Lock()

    async def held(self) -> None:
        """Wait until this process holds it."""
        async with self._asking:
            while self._file < 0 and not self._take():
                await asyncio.sleep(SECONDS)  # another process holds a file lock: there is no event to wait for

    def _take(self) -> bool:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another process have it. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


@asynccontextmanager
async def lease(path: Path) -> AsyncIterator[None]:
    """Hold the lease on a file among all workers that share it."""
    held = Lease(path)
    await held.held()
    try:
        yield
    finally:
        held.release()
