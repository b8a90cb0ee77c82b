"""What is found while a file is read. The one place where its names, versions, digests and addresses are believed.

Decided here:

* What cannot be believed becomes a fault with its place, and the rest of the file is read all the same.
* Credentials in an address go no further, and neither does what could move a terminal's cursor.
* A directory is the company's own code and nothing that an index serves: it is set aside, not a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging.utils import NormalizedName

from proxy.locks.nouns import Address, AddressKind, Locked, Reading, Remark, Where
from proxy.policy.versions import specifier as read_specifier
from proxy.policy.versions import version as read_version
from proxy.simple.addresses import URL_AT_MOST, last_segment
from proxy.simple.names import normal, project_of, read_filename
from proxy.simple.rows import cleaned, said_digests

LOCKED_AT_MOST = 20_000
FILES_AT_MOST = 5_000
"""Files of one entry: the largest releases have a few hundred."""
FAULTS_AT_MOST = 500
TWO_HOSTS = "An address here names one host to one reader and another to the next: a \\, or a ? or # before the path."

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_WEB = re.compile(r"https?://[!-~]+", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.ASCII | re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(?:whl|zip|tgz|egg|tar(?:\.[a-z0-9]{2,4})?)$", re.ASCII | re.IGNORECASE)


@dataclass(slots=True)
class Gathering:
    """Takes what a reader finds in ``file``, and makes the :class:`Reading` of it."""

    file: str
    locked: list[Locked] = field(default_factory=list)
    addresses: dict[str, Address] = field(default_factory=dict)
    faults: list[Remark] = field(default_factory=list)
    asides: list[Remark] = field(default_factory=list)

    def fault(self, where: Where, sentence: str) -> None:
        """Note what cannot be read."""
        if len(self.faults) < FAULTS_AT_MOST:
            self.faults.append(Remark(where, cleaned(sentence)))

    def aside(self, where: Where, sentence: str) -> None:
        """Note what is nothing that an index serves."""
        if len(self.asides) < FAULTS_AT_MOST:
            self.asides.append(Remark(where, cleaned(sentence)))

    def own(self, where: Where, name: str, place: str) -> None:
        """Note a directory in place of an index ("" where the file does not say which)."""
        named = f"{name} is taken from a directory" if name else "A directory is named"
        self.aside(where, f"{named}{f' ({place[:80]})' if place else ''}: code of your own, which no index serves.")

    def pin(self, where: Where, name: str, version: str, sha256s: Iterable[str] = (), urls: Iterable[str] = ()) -> None:
        """Take an exact version of a project."""
        found = read_version(version)
        if found is None:
            self.fault(where, f"{version[:80]!r} is not a version (PEP 440).")
        else:
            self.require(where, name, f"=={found}", sha256s, urls)

    def require(
        self,
        where: Where,
        name: str,
        specifier: str,
        sha256s: Iterable[str] = (),
        urls: Iterable[str] = (),
        *,
        marker: str = "",
        direct: bool = False,
    ) -> None:
        """Take a range of a project; ``sha256s`` come from :meth:`digests`."""
        project = normal(name)
        if project is None:
            self.fault(where, f"{name[:80]!r} is not the name of a project (PEP 508).")
        elif read_specifier(specifier) is None:
            self.fault(where, f"{specifier[:80]!r} is not a range of versions (PEP 440).")
        elif len(self.locked) == LOCKED_AT_MOST:
            self.fault(where, f"More than {LOCKED_AT_MOST} entries are not read.")
        else:
            at = [found for url in urls if (found := self._believed(where, url))]
            files, addresses = tuple(dict.fromkeys(sha256s)), tuple(dict.fromkeys(at))
            if max(len(files), len(addresses)) > FILES_AT_MOST:
                self.fault(where, f"More than {FILES_AT_MOST} files of one entry are not read.")
                return
            self.locked.append(Locked(project, specifier, where, files, addresses, marker, direct))

    def digests(self, where: Where, texts: Iterable[str]) -> list[str]:
        """Return the SHA-256 digests among texts like ``sha256:HEX``; other algorithms alone are a fault."""
        found, others = [], set()
        for text in texts:
            algorithm, _, value = text.replace("=", ":", 1).partition(":")
            if algorithm.strip().lower() != "sha256":
                others.add(algorithm.strip()[:20])
            elif _SHA256.fullmatch(value.strip()):
                found.append(value.strip().lower())
            else:
                self.fault(where, f"{value[:70]!r} is not a SHA-256 digest (64 hexadecimal digits).")
        if others and not found:
            kinds = ", ".join(sorted(others))
            self.fault(where, f"It is locked by {kinds!a} alone. The gate compares SHA-256: lock it again with that.")
        return found

    def address(self, where: Where, url: str, kind: AddressKind) -> None:
        """Take where installers are sent besides the files of projects; each address is noted once."""
        text = _without_credentials(url.strip())
        if text is None:
            self.fault(where, TWO_HOSTS)
        elif not text or len(text) > URL_AT_MOST or not text.isprintable():
            self.fault(where, f"{cleaned(url)[:80]!r} is not an address.")
        elif len(self.addresses) < FILES_AT_MOST:
            self.addresses.setdefault(text, Address(text, kind, where))

    def source(self, where: Where, url: str, hashes: Iterable[str] = (), *, name: str = "", marker: str = "") -> None:
        """Take an address that stands in place of an index: an archive by its name and digest, or foreign code."""
        bare, _, fragment = url.strip().partition("#")
        filename = last_segment(bare)
        project = project_of(filename) if _WEB.fullmatch(bare) else None
        read = read_filename(filename, project) if project else ""
        if project and not isinstance(read, str):
            digest = said_digests(fragment).sha256
            sha256s = self.digests(where, [*hashes, *([f"sha256:{digest}"] if digest else [])])
            self._archive(where, project, f"=={read[0]}", sha256s, bare, normal(name) if name else project, marker)
        elif _is_directory(bare):
            self.own(where, name, bare)
        else:
            self.address(where, bare, "code")

    def _archive(
        self,
        where: Where,
        project: NormalizedName,
        specifier: str,
        sha256s: list[str],
        url: str,
        said: NormalizedName | None,
        marker: str,
    ) -> None:
        if project != said:
            self.fault(where, f"It names one project and the address of a file of another, {project}.")
        else:
            self.require(where, project, specifier, sha256s, [url], marker=marker, direct=True)

    def _believed(self, where: Where, url: str) -> str | None:
        bare = _without_credentials(url.partition("#")[0])
        if bare is None:
            self.fault(where, TWO_HOSTS)
            return None
        if _WEB.fullmatch(bare) and len(bare) <= URL_AT_MOST:
            return bare
        self.fault(where, f"{cleaned(bare)[:80]!r} is not a web address.")
        return None

    def reading(self, kind: str) -> Reading:
        """Return everything that was found."""
        addresses = tuple(self.addresses.values())
        return Reading(self.file, kind, tuple(self.locked), addresses, tuple(self.faults), tuple(self.asides))


def _is_directory(address: str) -> bool:
    """Whether an address is a directory of this disk, by its text. One letter and a colon are a disk of Windows."""
    path = address.removeprefix("file://")
    return not _SCHEME.match(path) and not _ARCHIVE.search(path)


def _without_credentials(url: str) -> str | None:
    """Return an address without user and password, None where readers differ in which host it names."""
    scheme, found, rest = url.partition("://")
    if not found:
        return url
    authority, slash, path = rest.partition("/")
    if "\\" in rest or not {"?", "#"}.isdisjoint(authority):
        return None  # to some, what stands before these is the host; to others, a user in front of an @
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
