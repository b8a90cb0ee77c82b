"""``pylock.toml`` (PEP 751), read by the ``packaging`` library, one entry at a time so that every fault is found."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockValidationError,
)

from proxy.locks.decoding import Document, entries
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


def read(document: Document, text: str, found: Gathering) -> None:
    """Read a lock in the standard format."""
    head = {key: value for key, value in document.items() if key != "packages"}
    if _read(head, [], Where(found.file), found) is None:
        return
    for where, entry in entries(document, "packages", text, found):
        # The head was believed above; with it, each entry is a lock of its own.
        lock = _read(head, [entry], where, found)
        for package in lock.packages if lock else ():
            _package(package, where, found)


def _read(head: Document, packages: list[object], where: Where, found: Gathering) -> Pylock | None:
    try:
        return Pylock.from_dict({**head, "packages": packages})
    except PylockValidationError as error:
        found.fault(where, f"It is not as PEP 751 says: {error}.")
        return None


def _package(package: Package, where: Where, found: Gathering) -> None:
    if package.directory:
        found.own(where, package.name, package.directory.path)
    elif package.vcs:
        found.address(where, _repository(package.vcs), "code")
    elif package.archive:
        _archive(package.name, package.archive, where, found)
    else:
        if package.index:
            found.address(where, package.index, "index")
        _files(package, where, found)


def _files(package: Package, where: Where, found: Gathering) -> None:
    files: list[PackageWheel | PackageSdist] = [*(package.wheels or ()), *([package.sdist] if package.sdist else [])]
    digests = found.digests(where, [text for file in files for text in _hashes(file.hashes)])
    found.pin(where, package.name, str(package.version or ""), digests, [file.url for file in files if file.url])
    for file in files:
        if file.path:
            found.address(where, file.path, "code")


def _archive(name: str, archive: PackageArchive, where: Where, found: Gathering) -> None:
    found.source(where, archive.url or archive.path or "", _hashes(archive.hashes), name=name)


def _repository(vcs: PackageVcs) -> str:
    return f"{vcs.type}+{vcs.url or vcs.path}"


def _hashes(hashes: Mapping[str, str]) -> list[str]:
    """Return SHA-256 alone where it is there: the others say no more."""
    algorithms = ["sha256"] if "sha256" in hashes else list(hashes)
    return [f"{algorithm}:{hashes[algorithm]}" for algorithm in algorithms]
