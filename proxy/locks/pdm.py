"""``pdm.lock``, with file names or, by the strategy ``static_urls``, with addresses."""

from __future__ import annotations

import msgspec

from proxy.locks.decoding import Document, believed, entries
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


class _File(msgspec.Struct):
    url: str = ""
    file: str = ""
    hash: str = ""


class _Package(msgspec.Struct):
    name: str
    version: str = ""
    files: list[_File] = msgspec.field(default_factory=list)
    url: str = ""
    git: str = ""
    hg: str = ""
    svn: str = ""
    bzr: str = ""
    path: str = ""
    editable: bool = False

    @property
    def repository(self) -> str:
        """The address in a version control system, "" where it is from none."""
        named = {"git": self.git, "hg": self.hg, "svn": self.svn, "bzr": self.bzr}
        return next((f"{kind}+{url}" for kind, url in named.items() if url), "")


def read(document: Document, text: str, found: Gathering) -> None:
    """Read a lock of PDM."""
    for where, entry in entries(document, "package", text, found):
        package = believed(entry, _Package, where, found)
        if package:
            _package(package, where, found)


def _package(package: _Package, where: Where, found: Gathering) -> None:
    hashes = [file.hash for file in package.files if file.hash]
    elsewhere = package.repository or package.url or package.path
    if elsewhere:
        found.source(where, elsewhere, hashes, name=package.name)
    elif package.editable:
        found.own(where, package.name, "")
    else:
        urls = [file.url for file in package.files if file.url]
        found.pin(where, package.name, package.version, found.digests(where, hashes), urls)
