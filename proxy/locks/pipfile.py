"""``Pipfile.lock`` (pipfile-spec 6): digests without file names, in ``default``, ``develop`` and named categories."""

from __future__ import annotations

import msgspec

from proxy.locks.decoding import Document, believed
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


class _Index(msgspec.Struct):
    url: str


class _Meta(msgspec.Struct):
    sources: list[_Index] = msgspec.field(default_factory=list)


class _Package(msgspec.Struct):
    version: str = ""
    hashes: list[str] = msgspec.field(default_factory=list)
    path: str = ""
    file: str = ""
    git: str = ""
    hg: str = ""
    svn: str = ""
    bzr: str = ""

    @property
    def elsewhere(self) -> str:
        """The address that stands in place of an index, "" where none does."""
        named = {"git": self.git, "hg": self.hg, "svn": self.svn, "bzr": self.bzr}
        repository = next((f"{kind}+{url}" for kind, url in named.items() if url), "")
        return repository or self.file or self.path


def read(document: Document, found: Gathering) -> None:
    """Read a lock of Pipenv."""
    meta = believed(document.get("_meta", {}), _Meta, Where(found.file, 0, "_meta"), found)
    for index in meta.sources if meta else []:
        found.address(Where(found.file, 0, "_meta"), index.url, "index")
    for category, packages in document.items():
        if category == "_meta":
            continue
        if not isinstance(packages, dict):
            found.fault(Where(found.file, 0, category[:80]), "It is not a table of packages.")
            continue
        for name, entry in packages.items():
            where = Where(found.file, 0, f"{category}.{name}"[:160])
            package = believed(entry, _Package, where, found)
            if package:
                _package(name, package, where, found)


def _package(name: str, package: _Package, where: Where, found: Gathering) -> None:
    if package.elsewhere:
        found.source(where, package.elsewhere, package.hashes, name=name)
    else:
        wanted = "" if package.version == "*" else package.version
        found.require(where, name, wanted, found.digests(where, package.hashes))
