"""Blobs: files kept by their digest, under ``ROOT/ab/cd/<sha256>``.

What lives here: one directory of immutable files whose name is the SHA-256 of their bytes, how a file
gets in (written aside, synced, renamed), and how it is found again. This file must not know what a
blob is for. Decided here:

* No text from outside is part of a path: a name is 64 lower-case hex digits or it is refused.
* A blob is read in full and compared with its name when it is first opened after start, and again when
  its inode, size or times changed. One that does not match is dropped, counted and told. Times that are so young
  that another write could have the same ones show nothing: such a blob is read in full once more.
* Directories are 0700, files 0600, links are not followed.
* A writer holds a lock on its ``tmp-…`` file, so a start clears away what a crash left behind and
  spares what another worker is writing.
* Small blobs in use stay in memory once verified, for an hour at most: then the disk is asked again.
* The time of last use is the file's own modification time, set anew at most once an hour.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import os
import re
import time
from collections import OrderedDict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from proxy.cache.files import (
    Handle,
    Mark,
    clear_abandoned,
    hash_of,
    mark_of,
    open_regular,
    settled,
    sync_folder,
)
from proxy.cache.trim import Usage, trim
from proxy.cache.writer import Writer
from proxy.errors import CacheError

log = logging.getLogger(__name__)

SMALL = 1 << 20
"""Up to here a blob is verified on the spot: the page cache answers faster than a thread would."""

TOUCH_EVERY = 3600.0
TINY = 64 << 10
"""Up to here a blob may stay in memory."""
HELD_AT_MOST = 32 << 20
"""Bytes of all of them together."""
REMEMBERED = 200_000
LEFT_FREE = 16 << 20
"""Bytes that no new blob takes: the database has them for changes and records."""
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)


class Blob(Handle):
    """A verified file of ``size`` bytes, open for reading."""

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor)
        self.path = path
        self.take_mark()
        self.size = self.mark[1]

    def take_mark(self) -> None:
        """Note what tells whether the file is written to from now on, and whether it does tell."""
        self.mark = mark_of(self.fd)
        self.telling = settled(self.mark)

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``, fewer only at the end. Raises CacheError, OSError."""
        piece = super().read(offset, length)
        if len(piece) < min(length, self.size - offset):
            raise CacheError("A cached file shrank while it was read.")
        return piece

    async def demand_unchanged(self) -> None:
        """Make sure that what was read is what was verified. Raises CacheError, OSError.

        A mark that moved may only say that the file was used or made room for: its bytes decide then.
        """
        if self.telling and mark_of(self.fd) == self.mark:
            return
        if await asyncio.to_thread(hash_of, self) != self.path.name:
            raise CacheError("A cached file was written to while it was read.")

    def __enter__(self) -> Blob:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(slots=True)
class _Known:
    mark: Mark | None
    touched: float


class Blobs:
    """The blob directory at ``root``. Making one touches no disk; call :meth:`prepare` before use."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, _Known] = {}
        self._tiny: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._tiny_bytes = 0
        self._checking: dict[tuple[str, Mark], asyncio.Task[bool]] = {}
        self.damaged = 0
        """Blobs dropped since start because their bytes were not what their name says."""

    def prepare(self) -> None:
        """Make the directory and clear away what a crash left half written. Raises CacheError."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root.chmod(0o700)
            for path in self._root.glob("tmp-*"):
                clear_abandoned(path)
        except OSError as error:
            raise CacheError(f"The file cache at {self._root} cannot be used: {error.strerror}.") from error

    async def open(self, sha256: str) -> Blob | None:
        """Return the verified blob, None where there is none. Whoever asked closes it.

        A damaged one counts as none. Raises ValueError if ``sha256`` is no digest, CacheError if the
        disk cannot be read.
        """
        path = self._path(sha256)
        try:
            descriptor = open_regular(path)
            if descriptor is None:
                return None
            blob = Blob(descriptor, path)
            if await self._verified(sha256, blob):
                if blob.size <= TINY:
                    self._hold(sha256, blob.read(0, blob.size))
                return blob
            blob.close()
        except OSError as error:
            raise CacheError(f"The file cache cannot be read: {error.strerror}.") from error
        return None

    def small(self, sha256: str) -> bytes | None:
        """Return the bytes of a small blob that is in memory, verified when it was read."""
        content, until = self._tiny.get(sha256, (b"", 0.0))
        if time.monotonic() >= until:
            self._let_go(sha256)
            return None
        return content

    def _hold(self, sha256: str, content: bytes) -> None:
        if hashlib.sha256(content).hexdigest() != sha256:
            return  # it changed under our hands: the next opening finds out
        self._let_go(sha256)
        self._tiny[sha256] = content, time.monotonic() + TOUCH_EVERY
        self._tiny_bytes += len(content)
        while self._tiny_bytes > HELD_AT_MOST:
            self._let_go(next(iter(self._tiny)))

    def _let_go(self, sha256: str) -> None:
        content, _ = self._tiny.pop(sha256, (b"", 0.0))
        self._tiny_bytes -= len(content)

    def writer(self, size: int = 0) -> Writer:
        """Return a writer for a new blob of ``size`` bytes (0: nobody knows).

        Raises OSError where the disk does not let it, or would be left without room for anything else.
        """
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may have deleted the cache
        disk = os.statvfs(self._root)
        if disk.f_bavail * disk.f_frsize < size + min(LEFT_FREE, disk.f_blocks * disk.f_frsize // 20):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Writer(self._adopt, self._root)

    async def trim(
        self,
        max_bytes: int,
        *,
        min_free: int = 0,
        pinned: Collection[str] = (),
        hard_bytes: int | None = None,
    ) -> Usage:
        """Drop the longest unused blobs until at most ``max_bytes`` are kept and ``min_free`` are free.

        Those in ``pinned`` stay, unless more than ``hard_bytes`` are kept even so (None: always).
        Returns what is left. Raises CacheError.
        """
        try:
            left, gone = await asyncio.to_thread(trim, self._root, max_bytes, min_free, pinned, hard_bytes)
        except OSError as error:
            raise CacheError(f"The file cache cannot be trimmed: {error.strerror}.") from error
        for sha256 in gone:
            self._known.pop(sha256, None)
        return left

    def _path(self, sha256: str) -> Path:
        if _DIGEST.fullmatch(sha256) is None:
            raise ValueError("not a SHA-256 in lower-case hex")
        return self._root / sha256[:2] / sha256[2:4] / sha256

    async def _verified(self, sha256: str, blob: Blob) -> bool:
        known = self._known.get(sha256)
        if known is None or known.mark != blob.mark:
            if not await self._matches(sha256, blob):
                self._drop_damaged(sha256, blob)
                return False
            known = self._remember(sha256, blob, known.touched if known else -TOUCH_EVERY)
        if time.monotonic() - known.touched > TOUCH_EVERY:
            with suppress(OSError):  # a disk that became read-only: what is on it is served all the same
                os.utime(blob.fd)
            blob.take_mark()
            self._remember(sha256, blob, time.monotonic())
        return True

    async def _matches(self, sha256: str, blob: Blob) -> bool:
        """Hash a blob once, however many ask: on the spot if small, else in a thread that outlives them."""
        if blob.size <= SMALL:
            return hash_of(blob) == sha256
        key = sha256, blob.mark
        task = self._checking.get(key)
        if task is None:

            async def check() -> bool:
                return await asyncio.to_thread(hash_of, blob) == sha256

            task = self._checking[key] = asyncio.create_task(check())
            task.add_done_callback(lambda _: self._checking.pop(key, None))
        return await asyncio.shield(task)

    def _drop_damaged(self, sha256: str, blob: Blob) -> None:
        """Remove the file that was found damaged, and not a good one that took its place meanwhile."""
        self._known.pop(sha256, None)
        if blob.path.exists() and blob.path.lstat().st_ino == blob.mark[0]:
            blob.path.unlink()
            self.damaged += 1
            log.error("A cached file was damaged or swapped and has been dropped: %s", sha256)

    def _remember(self, sha256: str, blob: Blob | None, touched: float) -> _Known:
        if len(self._known) >= REMEMBERED:
            self._known.pop(next(iter(self._known)))
        known = self._known[sha256] = _Known(blob.mark if blob and blob.telling else None, touched)
        return known

    def _adopt(self, temporary: Path, sha256: str) -> None:
        """Give a finished, synced file its name; ``sha256`` is what its writer hashed."""
        path = self._path(sha256)
        outer, inner = path.parent.parent, path.parent
        new = not inner.exists()
        outer.mkdir(mode=0o700, exist_ok=True)
        inner.mkdir(mode=0o700, exist_ok=True)
        temporary.replace(path)
        for folder in (inner, outer, self._root) if new else (inner,):
            sync_folder(folder)
        self._remember(sha256, None, time.monotonic())  # its times are too young to tell anything
