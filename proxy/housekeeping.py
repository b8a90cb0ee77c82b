"""Room on the disk: the cache stays within its size, and gives way before the database has none left."""

from __future__ import annotations

import asyncio
import os
from itertools import chain
from pathlib import Path

from proxy.background import Background
from proxy.cache.blobs import Blobs
from proxy.live import Live

SECONDS = 60.0
FLOOR = 256 << 20
"""Bytes of the disk that the cache leaves free, or a twentieth of a smaller one."""
NAME = "disk"


class Housekeeping:
    """Trims the cache to ``size`` bytes; ``directory`` is on the disk that is looked at."""

    def __init__(self, blobs: Blobs, live: Live, size: int, directory: Path, background: Background) -> None:
        self._blobs, self._live, self._size, self._directory = blobs, live, size, directory
        self._background = background

    async def run(self) -> None:
        """Make room every minute, until cancelled. Raises CacheError."""
        while True:
            await self.once()
            await asyncio.sleep(SECONDS)

    async def once(self) -> None:
        """Make room, and say where there is little left. What is approved leaves the cache last. Raises CacheError."""
        disk = os.statvfs(self._directory)
        floor = min(FLOOR, disk.f_blocks * disk.f_frsize // 20)
        await self._blobs.trim(self._size, min_free=floor, pinned=self._pinned(), hard_bytes=self._size * 2)
        disk = os.statvfs(self._directory)
        free = disk.f_bavail * disk.f_frsize
        said = f"{free >> 20} MB are free for {self._directory}: without room no change and no record can be kept."
        self._background.tell(NAME, f"{said} Make room, or give it a larger disk." if free < floor else "")

    def _pinned(self) -> set[str]:
        """Return the digests of what is approved."""
        grants = chain.from_iterable(self._live.snapshot.grants.values())
        return {file.sha256 for grant in grants for file in grant.pins.values() if file.sha256}
