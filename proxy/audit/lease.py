"""One process of those that share a data directory keeps the record: the one that holds a lock on a file."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

AGAIN_SECONDS = 5.0


class Lease:
    """A lock on the file at ``path``, held until it is released or the process ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1
        self._asking = asyncio.Lock()

    async def held(self) -> None:
        """Wait until this process holds it."""
        async with self._asking:
            while self._file < 0 and not self._take():
                await asyncio.sleep(AGAIN_SECONDS)  # another process holds it: there is no event to wait for

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
