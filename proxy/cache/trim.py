"""Making room: the longest unused blobs go first, those that somebody decided on go last."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """How much is kept: number of blobs and their bytes."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True, order=True)
class _Kept:
    used: int
    size: int
    path: Path


def trim(
    root: Path, max_bytes: int, min_free: int, pinned: Collection[str], hard_bytes: int | None
) -> tuple[Usage, list[str]]:
    """Drop blobs, the longest unused first; return what is left and the digests that went.

    It stops at ``max_bytes`` kept and ``min_free`` bytes free. ``pinned`` blobs go only while more than
    ``hard_bytes`` are kept. Raises OSError.
    """
    kept = sorted(_blobs(root))
    total = sum(blob.size for blob in kept)
    volume = os.statvfs(root)
    shortage = max(0, min_free - volume.f_bavail * volume.f_frsize)
    limit = min(max_bytes, total - shortage)
    loose = _overdue([blob for blob in kept if blob.path.name not in pinned], total - limit)
    total -= sum(blob.size for blob in loose)
    excess = 0 if hard_bytes is None else total - hard_bytes
    bound = _overdue([blob for blob in kept if blob.path.name in pinned], excess)
    total -= sum(blob.size for blob in bound)
    gone = loose + bound
    for blob in gone:
        blob.path.unlink(missing_ok=True)
    return Usage(len(kept) - len(gone), total), [blob.path.name for blob in gone]


def _overdue(oldest_first: list[_Kept], excess: int) -> list[_Kept]:
    """The first few blobs that hold ``excess`` bytes together."""
    overdue = []
    for blob in oldest_first:
        if excess <= 0:
            break
        overdue.append(blob)
        excess -= blob.size
    return overdue


def _blobs(root: Path) -> Iterator[_Kept]:
    for path in root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        try:
            status = path.lstat()
        except FileNotFoundError:  # another worker makes room as well
            continue
        yield _Kept(status.st_mtime_ns, status.st_size, path)
