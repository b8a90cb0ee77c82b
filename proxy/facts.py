"""Facts that no page tells: a release's licence, its publisher, and whether its metadata speaks of it.

Decided here:

* At an approval they are looked up for all its files, within bounds, and pinned with it.
* For files that only a standing approval opens they are looked up where a term asks for them, for the newest
  releases alone; what is not known is unknown, and the terms say what that means.
* A licence is a release's: a file that does not say one has that of another file of its version.
* What cannot be had now is left open and asked for again; it never fails the errand.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.cache.blobs import Blob
from proxy.cache.fetch import Download
from proxy.contents import Contents, whole
from proxy.errors import GateError
from proxy.learnt import Learnt
from proxy.model import ProjectPage, ReleaseFile, Terms
from proxy.policy.rules.approved import admits
from proxy.policy.rules.provenance import is_asked_for
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version
from proxy.simple.metadata import needs
from proxy.simple.provenance import publisher
from proxy.upstream import Upstream
from proxy.upstream.client import METADATA_AT_MOST

log = logging.getLogger(__name__)

AT_ONCE = 16
PINNED_AT_MOST = 400
"""Files of an approval whose metadata, and whose provenance, is asked for: the newest."""

LOOKED_AT_MOST = 50
"""Files of an approval that are looked into where they are in the cache; the others are when they leave it."""

NEEDS_AT_MOST = 400
"""Wheels whose dependencies are looked at when they are approved: one of each version, then the others."""

RELEASES_AT_MOST = 20
FILES_AT_MOST = 100
"""What is looked up of a standing approval: the newest releases, and files of them."""

OPENED_AT_MOST = 8
OPENED_BYTES = 32 << 20
"""Files that are fetched whole because nothing else says their licence, and how large one may be."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What wheels need: ``names`` as they are written, each with a file that says so.

    ``unread`` counts the wheels of which nobody knows what they need: those beyond a bound, and those whose metadata
    the upstream does not show.
    """

    names: Mapping[str, str]
    unread: int = 0


class Facts:
    """Looks facts up."""

    def __init__(self, upstream: Upstream, contents: Contents, learnt: Learnt) -> None:
        self._upstream, self._contents, self._learnt = upstream, contents, learnt

    async def pinned(
        self, project: NormalizedName, files: Sequence[ReleaseFile], terms: Terms
    ) -> tuple[ReleaseFile, ...]:
        """Return the files of an approval with what can be known of them, and the digests of their metadata."""
        newest = sorted(files, key=_place, reverse=True)
        wheels = [file for file in newest if file.kind == "wheel"][:PINNED_AT_MOST]
        digests = await self._each(project, wheels, self._metadata)
        await self._each(project, [file for file in newest if file.provenance][:PINNED_AT_MOST], self._provenance)
        await self._each(project, newest[:LOOKED_AT_MOST], self._look)
        if terms.licences:
            await self._each(project, self._unlicensed(project, newest), self._open)
        dated = (replace(file, metadata=digests.get(file.filename) or file.metadata) for file in files)
        return _by_release(self._learnt.laid_over(project, dated))

    async def known(self, project: NormalizedName, page: ProjectPage, snapshot: PolicySnapshot) -> ProjectPage:
        """Return a page with what is known of its files, having looked up what the terms ask for."""
        terms = snapshot.terms
        if terms.licences or is_asked_for(project, terms):
            await self._look_up(project, _standing(page, project, snapshot), terms)
        files = self._learnt.laid_over(project, page.files)
        return page if files == page.files else replace(page, files=_by_release(files))

    async def _look_up(self, project: NormalizedName, files: Iterable[ReleaseFile], terms: Terms) -> None:
        """Look up what the terms ask for, of the newest releases."""
        releases = _releases(self._learnt.laid_over(project, files))[:RELEASES_AT_MOST]
        if terms.licences:
            silent = (release for release in releases if all(file.licence is None for file in release))
            wheels = (next((file for file in release if file.kind == "wheel"), None) for release in silent)
            await self._each(project, list(filter(None, wheels)), self._metadata)
        if is_asked_for(project, terms):
            found = [file for release in releases for file in release if file.provenance and file.publisher is None]
            await self._each(project, found[:FILES_AT_MOST], self._provenance)

    async def _each(self, project: NormalizedName, files: Sequence[ReleaseFile], work: _Work) -> dict[str, str]:
        """Do something with each file, several at once. Returns what came of it by file name; failures are told."""
        turn, failures = asyncio.Semaphore(AT_ONCE), dict[str, GateError]()

        async def one(file: ReleaseFile) -> str:
            async with turn:
                try:
                    return await work(project, file)
                except GateError as error:
                    failures[file.filename] = error
                    return ""

        found = await asyncio.gather(*map(one, files))
        if failures:
            name, error = next(iter(failures.items()))
            log.warning("Not everything is known of %d files of %s, as %s: %s", len(failures), project, name, error)
        return dict(zip((file.filename for file in files), found, strict=True))

    async def beside(self, project: NormalizedName, file: ReleaseFile) -> bytes | None:
        """Return the metadata beside a wheel, which speaks of it; None where there is none. Raises GateError."""
        served = await self._contents.metadata(project, file)
        if served is None:
            self._learnt.add(project, file, licence="")
            return None
        content = await whole(served, METADATA_AT_MOST)
        said = await self._contents.speaks(project, file, content)
        self._learnt.add(project, file, licence=said.licence)
        return content

    async def needs(self, project: NormalizedName, files: Iterable[ReleaseFile]) -> Needs:
        """Return what wheels need, by the metadata beside them; what several of a version share is read once."""
        alike = _alike([file for file in files if file.kind == "wheel"])
        found: dict[str, str] = {}

        async def read(project: NormalizedName, file: ReleaseFile) -> str:
            content = await self.beside(project, file)
            if content is None:
                return ""
            named = await asyncio.to_thread(needs, content)  # megabytes, if somebody likes
            found.update(dict.fromkeys(named, file.filename))
            return "read"

        done = await self._each(project, [wheels[0] for wheels in alike[:NEEDS_AT_MOST]], read)
        return Needs(found, sum(len(wheels) for wheels in alike if not done.get(wheels[0].filename)))

    async def _metadata(self, project: NormalizedName, file: ReleaseFile) -> str:
        """Read the metadata beside a wheel. Returns its digest, "" where there is none."""
        content = await self.beside(project, file)
        return "" if content is None else hashlib.sha256(content).hexdigest()

    async def _provenance(self, project: NormalizedName, file: ReleaseFile) -> str:
        """Read who published a file, by its attestations."""
        content = await self._upstream.document(file.provenance or "")
        found = publisher(content, file.sha256 or "") if content else ""
        self._learnt.add(project, file, publisher=found)
        return found

    async def _look(self, project: NormalizedName, file: ReleaseFile) -> str:
        """Look into a file that is in the cache."""
        await self._contents.look_at_cached(project, file)
        return ""

    async def _open(self, project: NormalizedName, file: ReleaseFile) -> str:
        """Fetch a file whole, which looks into it."""
        content = await self._contents.file(project, file)
        if isinstance(content, Download):
            async for _ in content.chunks():
                pass  # it is kept in the cache, and looked into before it ends
        elif isinstance(content, Blob):
            content.close()
        return ""

    def _unlicensed(self, project: NormalizedName, files: Iterable[ReleaseFile]) -> list[ReleaseFile]:
        """Return the smallest file of each release whose licence nothing has said so far."""
        releases = _releases(self._learnt.laid_over(project, files))
        silent = (release for release in releases if not any(file.licence for file in release))
        smallest = (min(release, key=lambda file: file.size or 0) for release in silent)
        return [file for file in smallest if (file.size or 0) <= OPENED_BYTES][:OPENED_AT_MOST]


_Work = Callable[[NormalizedName, ReleaseFile], Awaitable[str]]
_OLDEST = Version("0.dev0")


def _place(file: ReleaseFile) -> Version:
    return version(file.version) or _OLDEST


def _standing(page: ProjectPage, project: NormalizedName, snapshot: PolicySnapshot) -> list[ReleaseFile]:
    """Return the files that a standing approval opens and none has pinned."""
    pinned = snapshot.pinned(project)
    grants = [grant for grant in snapshot.grants.get(project, ()) if grant.approval.standing]
    unpinned = (file for file in page.files if file.sha256 and file.filename not in pinned)
    return [file for file in unpinned if any(admits(grant, file) for grant in grants)]


def _releases(files: Iterable[ReleaseFile]) -> list[list[ReleaseFile]]:
    """Return files by version, the newest version first."""
    ordered = sorted(files, key=_place, reverse=True)
    return [list(release) for _, release in groupby(ordered, key=lambda file: file.version)]


def _alike(wheels: Iterable[ReleaseFile]) -> list[list[ReleaseFile]]:
    """Return wheels together that share their version and metadata: first one lot of each version, newest first."""
    ranked: list[tuple[int, list[ReleaseFile]]] = []
    for release in _releases(wheels):
        lots: dict[str, list[ReleaseFile]] = {}
        for file in release:
            lots.setdefault(file.metadata or file.filename, []).append(file)
        ranked += enumerate(lots.values())
    return [lot for _, lot in sorted(ranked, key=lambda pair: pair[0])]


def _by_release(files: tuple[ReleaseFile, ...]) -> tuple[ReleaseFile, ...]:
    """Give each file that says no licence the one that another file of its version says."""
    said = {file.version: file.licence for file in files if file.licence}
    return tuple(
        replace(file, licence=said[file.version]) if not file.licence and file.version in said else file
        for file in files
    )
