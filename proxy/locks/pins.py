"""What of a file can be frozen: exact versions, each once, with every digest that the file has for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName

from proxy.locks.nouns import Locked, Reading, Remark, Where


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of a project as a file pins it: with these digests of files, or with none."""

    project: NormalizedName
    version: str
    where: Where
    sha256s: frozenset[str] = frozenset()


def pins(reading: Reading) -> list[Pin]:
    """Return each release that a file pins, in the order of the file."""
    found: dict[tuple[NormalizedName, str], Pin] = {}
    for locked in reading.locked:
        if not _unpinned(locked):
            before = found.setdefault(
                (locked.project, locked.version), Pin(locked.project, locked.version, locked.where)
            )
            found[before.project, before.version] = replace(before, sha256s=before.sha256s | set(locked.sha256s))
    return list(found.values())


def unpinnable(reading: Reading) -> Iterator[Remark]:
    """Yield what cannot be read, and what was read and pins no files of an index."""
    yield from reading.faults
    for address in reading.addresses:
        if address.kind == "code":
            yield Remark(address.where, f"{address.url} is no file of an index, so it cannot be approved.")
    for locked in reading.locked:
        if problem := _unpinned(locked):
            yield Remark(locked.where, problem)


def _unpinned(locked: Locked) -> str:
    """Return why an entry pins nothing that could be frozen, "" where it does."""
    if not locked.version:
        wanted = f"{locked.project}{locked.specifier}"
        return (
            f"{wanted} names no exact version. Lock it first (uv lock, pip-compile), "
            f"or approve the range: wicketgate approve '{wanted}'"
        )
    if locked.direct and not locked.sha256s:
        return f"{locked.project} is taken from an address without a digest, so nothing says which bytes are meant."
    return ""
