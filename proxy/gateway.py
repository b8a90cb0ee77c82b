"""The errands: a project's listing, a file, an explanation. The one room where I/O meets the decision.

Decided here:

* A name is judged before anything is looked up; what may not be asked never reaches the upstream.
* Page and file are judged together and once: a file is found on its project's own listing, so what
  the page would not show cannot be downloaded by knowing its address.
* A listing is kept until the policy moves, the upstream's page is due, or time alone may change a verdict.
* With the upstream away, kept pages and pinned files go on serving.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import unquote, urlsplit

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.cache.blobs import Blob, Blobs
from proxy.cache.fetch import Download, Fetches
from proxy.errors import UpstreamAway, UpstreamBroken, UpstreamError
from proxy.model import Code, Effect, Finding, ReleaseFile, Subject, Verdict
from proxy.notices import Notices
from proxy.policy.judge import judge, may_ask_upstream
from proxy.policy.listing import Composition, Judged, compose
from proxy.policy.similarity import NameIndex
from proxy.policy.snapshot import PolicySnapshot
from proxy.shelf import Held, Shelf
from proxy.simple.metadata import needs, speaks_of
from proxy.simple.names import project_of, read_filename
from proxy.upstream import Upstream

log = logging.getLogger(__name__)

LISTINGS_AT_MOST = 2_000
"""Listings kept in memory; the oldest goes first."""

ROWS_AT_MOST = 100_000
"""Judged files in all of them, about 1 kB each."""

LARGE_PAGE = 500
"""From this many files on a page is judged in a thread, or others would wait for it."""

METADATA_AT_MOST = 400
METADATA_AT_ONCE = 16
NEEDS_AT_MOST = 40
"""Versions, the newest, whose dependencies are looked at when they are approved."""

UNASKED_FOR = timedelta(seconds=60)


@dataclass(slots=True)
class Listing:
    """One project as it is served now, judged with ``names``.

    ``bodies`` is the doors' own: finished answers by representation.
    """

    project: NormalizedName
    composition: Composition
    revision: int
    good_until: datetime
    names: NameIndex | None
    stale: bool = False
    by_path: dict[str, Judged] = field(default_factory=dict)
    bodies: dict[tuple[bytes, bytes, bytes], object] = field(default_factory=dict)


def path_of(url: str) -> str:
    """Return the part of an upstream file URL that stands behind ``/files`` here, as the upstream spells it."""
    return urlsplit(url).path


class Policy(Protocol):
    """The policy that a gateway answers by: a channel's (:class:`proxy.channels.ChannelPolicy`), or a preview."""

    @property
    def snapshot(self) -> PolicySnapshot:
        """The policy as it stands."""

    async def current(self, project: NormalizedName | None = None, /) -> PolicySnapshot:
        """Return the policy in force, for asking about ``project``."""

    async def names_known(self, project: NormalizedName | None = None, /) -> PolicySnapshot:
        """Return it as soon as look-alikes can be recognised."""


class Gateway:
    """Answers for installers and for the people who wonder about an answer."""

    def __init__(
        self,
        policy: Policy,
        shelf: Shelf,
        upstream: Upstream,
        blobs: Blobs,
        fetches: Fetches,
        notices: Notices,
        clock: Callable[[], datetime],
    ) -> None:
        self.policy, self._shelf, self._upstream = policy, shelf, upstream
        self._blobs, self._fetches, self._notices, self._clock = blobs, fetches, notices, clock
        self._listings: OrderedDict[str, Listing] = OrderedDict()
        self._rows = 0
        self._composing: dict[tuple[str, int], asyncio.Task[Listing]] = {}

    async def listing(self, project: NormalizedName) -> Listing:
        """Return what is served of a project. Raises UpstreamError when that cannot be known now."""
        snapshot = await self.policy.current(project)
        listing = self.ready(project, snapshot.revision)
        if listing:
            return listing
        matter = project, snapshot.revision
        task = self._composing.get(matter)
        if task is None:
            task = self._composing[matter] = asyncio.create_task(self._made(project, snapshot))
            task.add_done_callback(lambda _: self._composing.pop(matter, None))
        return await asyncio.shield(task)

    def ready(self, project: str, revision: int) -> Listing | None:
        """Return the listing that is at hand, if it is of this revision and list of names, and still good."""
        listing = self._listings.get(project)
        if listing is None or listing.revision != revision or self._clock() >= listing.good_until:
            return None
        return listing if listing.names is self.policy.snapshot.names.popular else None

    async def _made(self, project: NormalizedName, snapshot: PolicySnapshot) -> Listing:
        if project not in snapshot.names.known and project not in snapshot.grants:
            snapshot = await self.policy.names_known(project)  # a look-alike must be recognised from the first second
        return self._keep(await self._compose(project, snapshot, self._clock()))

    async def find(self, path: str) -> tuple[Verdict, Judged | None]:
        """Return the verdict on the file at ``path`` (as in its upstream URL), and the file if it is listed."""
        filename = unquote(path).rpartition("/")[2]
        project = project_of(filename)
        if project is None:
            return _unknown(Subject(NormalizedName("")), filename, self.policy.snapshot), None
        listing = await self.listing(project)
        judged = listing.by_path.get(unquote(path))
        if judged is not None:
            return judged.verdict, judged
        if not listing.composition.verdict.allowed:
            return listing.composition.verdict, None
        return _unknown(Subject(project), filename, self.policy.snapshot), None

    async def why(self, filename: str) -> Verdict:
        """Return the refusal that a tombstone of this name stands for."""
        project = project_of(filename)
        if project is None:
            return _unknown(Subject(NormalizedName("")), filename, self.policy.snapshot)
        composition = (await self.listing(project)).composition
        read = read_filename(filename, project)
        withheld = None if isinstance(read, str) else composition.withheld.get(read[0])
        if withheld is not None:
            return withheld.verdict
        if not composition.verdict.allowed:
            return composition.verdict
        return _unknown(Subject(project), filename, self.policy.snapshot, "This is no longer refused: install again.")

    async def open(self, judged: Judged) -> Blob | Download:
        """Return the bytes of an allowed file: from the cache, or as they arrive."""
        file = judged.file
        if not judged.verdict.allowed or file.sha256 is None:
            raise ValueError("only an allowed file is opened")
        return await self._bytes(file.sha256, file.size, file.url)

    async def metadata(self, judged: Judged) -> Blob | Download | bytes | None:
        """Return the ``.metadata`` of an allowed wheel (PEP 658), None where the upstream has none.

        One whose digest nobody said is checked to speak of this project and version.
        """
        file = judged.file
        url = f"{file.url}.metadata"
        if file.kind != "wheel":
            return None
        if file.metadata:
            return await self._bytes(file.metadata, None, url)
        content = await self._upstream.metadata(url)
        if content is not None and not speaks_of(content, judged.verdict.subject.project, file.version):
            raise UpstreamBroken(f"The metadata of {file.filename} speaks of another project or version.")
        return content

    async def pin_metadata(self, project: NormalizedName, files: Sequence[ReleaseFile]) -> tuple[ReleaseFile, ...]:
        """Return the files with the digest of their ``.metadata``, asked of the upstream where it is not known.

        Only the first few hundred wheels are asked for; the others are served without.
        """
        wanting = [file for file in files if file.kind == "wheel" and not file.metadata]
        read = await self._read_metadata(project, wanting[:METADATA_AT_MOST])
        found = {
            file: replace(file, metadata=hashlib.sha256(content).hexdigest() if content else None)
            for file, content in read.items()
        }
        return tuple(found.get(file, file) for file in files)

    async def needs(self, project: NormalizedName, files: Sequence[ReleaseFile]) -> dict[str, str]:
        """Return the names of what wheels need, as written, each with the file that says so.

        One wheel is read of each of the newest versions, where the upstream shows its metadata.
        """
        wheels = {file.version: file for file in files if file.kind == "wheel"}
        newest = sorted(wheels.values(), key=lambda file: Version(file.version), reverse=True)[:NEEDS_AT_MOST]
        read = await self._read_metadata(project, newest)
        return {name: file.filename for file, content in read.items() if content for name in needs(content)}

    async def _read_metadata(
        self, project: NormalizedName, files: Sequence[ReleaseFile]
    ) -> dict[ReleaseFile, bytes | None]:
        """Return the metadata that speaks of its wheel, None where there is none; what fails is logged and left out."""
        turn = asyncio.Semaphore(METADATA_AT_ONCE)
        failures: list[UpstreamError] = []
        read: dict[ReleaseFile, bytes | None] = {}

        async def one(file: ReleaseFile) -> None:
            async with turn:
                try:
                    content = await self._upstream.metadata(f"{file.url}.metadata")
                except UpstreamError as error:
                    failures.append(error)
                else:
                    read[file] = content if content and speaks_of(content, project, file.version) else None

        await asyncio.gather(*map(one, files))
        if failures:
            log.warning("The metadata of %d wheels of %s is not read: %s", len(failures), project, failures[0])
        return read

    async def _bytes(self, sha256: str, size: int | None, url: str) -> Blob | Download:
        blob = await self._blobs.open(sha256)
        return blob or await self._fetches.get(sha256, size, lambda: self._upstream.file(url))

    def answering_by(self, policy: Policy) -> Gateway:
        """Return a gateway that answers by another policy, on the same shelf and cache."""
        return Gateway(policy, self._shelf, self._upstream, self._blobs, self._fetches, self._notices, self._clock)

    async def review(self, project: NormalizedName) -> Held:
        """Return the upstream's page for a reviewer, who may ask for any name that is not internal."""
        held = await self._shelf.get(project, fresh=True)
        if held.stale:
            raise UpstreamAway(
                f"The upstream does not answer for {project} now, and nothing is approved from an old page."
            )
        self._drop(project)  # installers see what the reviewer sees
        await self._notices.origins(held.page, await self.policy.current(project))
        return held

    async def _compose(self, project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> Listing:
        verdict = judge(Subject(project), snapshot, at)
        held = await self._held(verdict, snapshot, at)
        if await self._notices.origins(held.page, snapshot):
            snapshot = await self.policy.current(project)
        large = held.page is not None and len(held.page.files) > LARGE_PAGE
        arguments = project, held, snapshot, at
        listing = await asyncio.to_thread(_listing, *arguments) if large else _listing(*arguments)
        if listing.composition.changed:
            await self._notices.changed(project, listing.composition.changed)
        return listing

    async def _held(self, verdict: Verdict, snapshot: PolicySnapshot, at: datetime) -> Held:
        project = verdict.subject.project
        if not may_ask_upstream(verdict, snapshot):
            return Held(None, at + UNASKED_FOR)
        try:
            return await self._shelf.get(project)
        except UpstreamError:
            # What is refused is refused without the upstream, what is pinned is served without it.
            if verdict.allowed and not snapshot.pinned(project):
                raise
            return Held(None, at + timedelta(seconds=10), stale=True)

    def _drop(self, project: str) -> None:
        dropped = self._listings.pop(project, None)
        self._rows -= _rows(dropped) if dropped else 0

    def _keep(self, listing: Listing) -> Listing:
        self._drop(listing.project)
        self._listings[listing.project] = listing
        self._listings.move_to_end(listing.project)
        self._rows += _rows(listing)
        while len(self._listings) > 1 and (len(self._listings) > LISTINGS_AT_MOST or self._rows > ROWS_AT_MOST):
            self._rows -= _rows(self._listings.popitem(last=False)[1])
        return listing


def _listing(project: NormalizedName, held: Held, snapshot: PolicySnapshot, at: datetime) -> Listing:
    composition = compose(project, held.page, snapshot, at)
    until = min(filter(None, (held.good_until, composition.until)))
    by_path = {unquote(path_of(judged.file.url)): judged for judged in composition.files}
    return Listing(project, composition, snapshot.revision, until, snapshot.names.popular, held.stale, by_path)


def _rows(listing: Listing) -> int:
    return 1 + len(listing.composition.files)


def _unknown(
    subject: Subject,
    filename: str,
    snapshot: PolicySnapshot,
    step: str = "The project's page lists what there is.",
) -> Verdict:
    finding = Finding(Code.UNKNOWN_FILE, Effect.FORBID, f"No such file is listed: {filename[:128]!a}", step)
    return Verdict(subject, snapshot.revision, (finding,))
