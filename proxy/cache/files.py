"""Open files read by position, and the few system calls that a careful cache needs.

What lives here knows nothing of digests as names, of projects or of the network.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import stat
import time
from pathlib import Path

log = logging.getLogger(__name__)

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)
"""Linux can say whether the bytes are in memory."""

TICK = 20_000_000
"""Nanoseconds in which a file system may give two writes the same time; twice the longest tick of Linux."""

Mark = tuple[int, int, int, int]
"""Inode, size, mtime and ctime: a file that keeps all four was not written to."""


class Handle:
    """An open file that is read by position. It closes itself with its last user."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def fd(self) -> int:
        """The file descriptor."""
        return self._descriptor

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``, fewer only at the end of the file."""
        piece = os.pread(self._descriptor, length, offset)
        if len(piece) in {0, length}:
            return piece
        return piece + self.read(offset + len(piece), length - len(piece))

    def read_now(self, offset: int, length: int) -> bytes | None:
        """Return ``length`` bytes from ``offset`` where no disk need be waited for, else None: :meth:`read` waits.

        The last of them is looked for: files are read ahead and forgotten in their order.
        """
        if _NOWAIT is None:
            return None
        try:
            there = os.preadv(self._descriptor, [bytearray(1)], offset + length - 1, _NOWAIT)
        except OSError:
            return None  # not in memory, or a file system that cannot tell: reading finds out
        return self.read(offset, length) if there else None

    def close(self) -> None:
        """Close the file; closing twice is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


def open_regular(path: Path) -> int | None:
    """Open a regular file for reading; None where there is none, be it that a link or a folder is there."""
    try:
        descriptor = os.open(path, READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def mark_of(descriptor: int) -> Mark:
    """Return what tells whether an open file was written to since."""
    status = os.fstat(descriptor)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def settled(mark: Mark) -> bool:
    """Whether a write from now on would change the mark that was taken now: not within the tick of the last one."""
    return abs(time.clock_gettime_ns(time.CLOCK_REALTIME) - mark[3]) > TICK


def hash_of(handle: Handle) -> str:
    """Return the SHA-256 of a whole file in hex."""
    running, offset = hashlib.sha256(), 0
    while piece := handle.read(offset, _PIECE):
        running.update(piece)
        offset += len(piece)
    return running.hexdigest()


def clear_abandoned(path: Path) -> None:
    """Remove a temporary file unless its writer, in this or another process, still holds its lock."""
    descriptor = open_regular(path)
    if descriptor is None:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        log.info("Another worker is writing %s.", path.name)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a folder's entries survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
