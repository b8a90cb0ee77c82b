"""``uv.lock`` (https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile), version 1 of the format."""

from __future__ import annotations

import msgspec

from proxy.locks.decoding import Document, believed, entries
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


class _File(msgspec.Struct):
    url: str = ""
    path: str = ""
    hash: str = ""


class _Source(msgspec.Struct):
    registry: str = ""
    url: str = ""
    git: str = ""
    path: str = ""
    directory: str = ""
    editable: str = ""
    virtual: str = ""

    @property
    def own(self) -> str:
        """The directory that this is, where it is one."""
        return self.directory or self.editable or self.virtual


class _Package(msgspec.Struct):
    name: str
    source: _Source
    version: str = ""
    sdist: _File | None = None
    wheels: list[_File] = msgspec.field(default_factory=list)

    @property
    def files(self) -> list[_File]:
        """Every file of it."""
        return [*([self.sdist] if self.sdist else []), *self.wheels]


def read(document: Document, text: str, found: Gathering) -> None:
    """Read a lock of uv."""
    if document.get("version") != 1:
        found.fault(Where(found.file, 1), f"It is of version {str(document.get('version'))[:20]!r}; version 1 is read.")
        return
    for where, entry in entries(document, "package", text, found):
        package = believed(entry, _Package, where, found)
        if package:
            _package(package, where, found)


def _package(package: _Package, where: Where, found: Gathering) -> None:
    source = package.source
    if source.own:
        found.own(where, package.name, source.own)
    elif source.registry:
        found.address(where, source.registry, "index")
        digests = found.digests(where, [file.hash for file in package.files if file.hash])
        found.pin(where, package.name, package.version, digests, [file.url for file in package.files if file.url])
        for file in package.files:
            if file.path:
                found.address(where, file.path, "code")
    elif source.url:
        found.source(where, source.url, [file.hash for file in package.files if file.hash], name=package.name)
    else:
        found.address(where, _foreign(source), "code")


def _foreign(source: _Source) -> str:
    return f"git+{source.git}" if source.git else source.path
