"""``poetry.lock`` of Poetry 1 and 2: files by name and digest, without addresses."""

from __future__ import annotations

import msgspec

from proxy.locks.decoding import Document, believed, entries
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


class _File(msgspec.Struct):
    file: str = ""
    hash: str = ""


class _Source(msgspec.Struct):
    type: str = ""
    url: str = ""


class _Package(msgspec.Struct):
    name: str
    version: str = ""
    files: list[_File] = msgspec.field(default_factory=list)
    source: _Source = msgspec.field(default_factory=_Source)


class _Metadata(msgspec.Struct):
    """``files`` is where Poetry before 1.3 kept them, by project."""

    files: dict[str, list[_File]] = msgspec.field(default_factory=dict)


def read(document: Document, text: str, found: Gathering) -> None:
    """Read a lock of Poetry."""
    metadata = believed(document.get("metadata", {}), _Metadata, Where(found.file, 0, "metadata"), found)
    elsewhere = metadata.files if metadata else {}
    for where, entry in entries(document, "package", text, found):
        package = believed(entry, _Package, where, found)
        if package:
            _package(package, package.files or elsewhere.get(package.name, []), where, found)


def _package(package: _Package, files: list[_File], where: Where, found: Gathering) -> None:
    source = package.source
    hashes = [file.hash for file in files if file.hash]
    match source.type:
        case "" | "legacy":
            if source.url:
                found.address(where, source.url, "index")
            found.pin(where, package.name, package.version, found.digests(where, hashes))
        case "directory":
            found.own(where, package.name, source.url)
        case "url":
            found.source(where, source.url, hashes, name=package.name)
        case "git":
            found.address(where, f"git+{source.url}", "code")
        case _:
            found.address(where, source.url, "code")
