"""The errands: a project's listing, a file, an explanation. The one room where I/O meets the decision.

Decided here:

* A name is judged before anything is looked up; what may not be asked never reaches the upstream.
* Page and file are judged together and once: a file is found on its project's own listing, so what
  the page would not show cannot be downloaded by knowing its address.
* With the upstream away, kept pages and pinned files go on serving.
* What a listing shows that nobody expected (changed bytes, rows that lie, late files) is reported as it is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from urllib.parse import unquote

from packaging.utils import NormalizedName

from proxy.cache.blobs import Blob
from proxy.cache.fetch import Download
from proxy.contents import Contents
from proxy.errors import StoreError, UpstreamAway, UpstreamError
from proxy.facts import Facts, Needs
from proxy.firsts import Firsts
from proxy.lanes import JUDGING
from proxy.learnt import Learnt
from proxy.listings import Listing, Listings, Work
from proxy.model import Approval, Code, Effect, Finding, ProjectPage, ReleaseFile, Subject, Terms, Verdict
from proxy.notices import Notices
from proxy.policy.judge import judge, may_ask_upstream
from proxy.policy.late import late_files
from proxy.policy.listing import Composition, Judged, at_revision, compose
from proxy.policy.rules.consistent import inconsistent
from proxy.policy.snapshot import PolicySnapshot
from proxy.shelf import Held, Shelf
from proxy.simple.names import project_of, read_filename

LARGE_PAGE = 500
"""From this many files on a page is judged in a thread, or others would wait for it."""

UNASKED_FOR = timedelta(seconds=60)


class Policy(Protocol):
    """The policy that a gateway answers by: a channel's (:class:`proxy.channels.ChannelPolicy`), or a preview."""

    @property
    def snapshot(self) -> PolicySnapshot:
        """The policy as it stands."""

    def at_hand(self) -> PolicySnapshot | None:
        """Return it if it is the one in force, None where that must be loaded first."""

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
        contents: Contents,
        facts: Facts,
        firsts: Firsts,
        learnt: Learnt,
        notices: Notices,
        clock: Callable[[], datetime],
    ) -> None:
        self.policy, self._shelf, self._notices, self._clock = policy, shelf, notices, clock
        self._contents, self._facts, self._firsts, self._learnt = contents, facts, firsts, learnt
        self._listings = Listings(learnt, clock)
        self._composing: dict[tuple[str, int], asyncio.Task[Listing]] = {}
        self._large = asyncio.Lock()

    async def listing(self, project: NormalizedName) -> Listing:
        """Return what is served of a project. Raises UpstreamError when that cannot be known now."""
        snapshot = await self.policy.current(project)
        listing = self._listings.ready(project, snapshot)
        if listing:
            return listing
        matter = project, snapshot.revision
        task = self._composing.get(matter)
        if task is None:
            task = self._composing[matter] = asyncio.create_task(self._made(project, snapshot))
            task.add_done_callback(lambda _: self._composing.pop(matter, None))
        return await asyncio.shield(task)

    def at_hand(self, project: str) -> Listing | None:
        """Return a project's listing if it is there and in force, without waiting for anything."""
        snapshot = self.policy.at_hand()
        return None if snapshot is None else self._listings.ready(project, snapshot)

    def small(self, sha256: str) -> bytes | None:
        """Return the bytes of a small file that is in memory, None where it is not."""
        return self._contents.small(sha256)

    async def _made(self, project: NormalizedName, snapshot: PolicySnapshot) -> Listing:
        if project not in snapshot.names.known and project not in snapshot.grants:
            snapshot = await self.policy.names_known(project)  # a look-alike must be recognised from the first second
        return self._listings.keep(await self._compose(project, snapshot, self._clock()))

    async def find(self, path: str) -> tuple[Verdict, Judged | None]:
        """Return the verdict on the file at ``path`` (as in its upstream URL), and the file if it is listed."""
        filename = unquote(path).rpartition("/")[2]
        project = project_of(filename)
        if project is None:
            return _unknown(Subject(NormalizedName("")), filename, self.policy.snapshot), None
        listing = await self.listing(project)
        judged = listing.by_path.get(unquote(path))
        if judged is not None:
            verdict = at_revision(judged.verdict, listing.revision)
            return verdict, Judged(judged.file, verdict)
        if not listing.composition.verdict.allowed:
            return listing.composition.verdict, None
        return _set_aside(listing, filename) or _unknown(Subject(project), filename, self.policy.snapshot), None

    async def why(self, filename: str) -> Verdict:
        """Return the refusal that a tombstone of this name stands for."""
        project = project_of(filename)
        if project is None:
            return _unknown(Subject(NormalizedName("")), filename, self.policy.snapshot)
        composition = (await self.listing(project)).composition
        read = read_filename(filename, project)
        withheld = None if isinstance(read, str) else composition.withheld.get(read[0])
        if withheld is not None:
            return at_revision(withheld.verdict, composition.verdict.revision)
        if not composition.verdict.allowed:
            return composition.verdict
        return _unknown(Subject(project), filename, self.policy.snapshot, "This is no longer refused: install again.")

    async def open(self, judged: Judged) -> Blob | Download | bytes:
        """Return the bytes of an allowed file: from memory, from the cache, or as they arrive.

        Raises UpstreamError, CacheError, StoreError.
        """
        if not judged.verdict.allowed:
            raise ValueError("only an allowed file is opened")
        project, file = judged.verdict.subject.project, judged.file
        if not await self._keep_first(project, file):
            raise UpstreamAway(f"{file.filename} changed upstream a moment ago; ask again.")
        return await self._contents.file(project, file)

    async def _keep_first(self, project: NormalizedName, file: ReleaseFile) -> bool:
        """Keep a file as the first of its name; False where other bytes were. Raises StoreError for unpinned files."""
        try:
            return await self._firsts.keep(project, file)
        except StoreError:
            if file.filename not in self.policy.snapshot.pinned(project):
                raise
            return True  # its approval says which bytes it is, whatever can be kept now

    async def metadata(self, judged: Judged) -> Blob | Download | bytes | None:
        """Return the ``.metadata`` of an allowed wheel (PEP 658), None where the upstream has none."""
        return await self._contents.metadata(judged.verdict.subject.project, judged.file)

    async def pinned(self, approval: Approval, terms: Terms) -> tuple[ReleaseFile, ...]:
        """Return the files of an approval with the facts that are pinned with it."""
        return await self._facts.pinned(approval.project, approval.files, terms)

    async def judged(self, page: ProjectPage, snapshot: PolicySnapshot, at: datetime) -> Composition:
        """Return what a page would come to under a policy that is not in force (yet)."""
        first = await self._firsts.known(page.project)
        work = partial(compose, page.project, page, snapshot, at, first=first)
        return await JUDGING.run(work) if _is_large(page) else work()

    async def needs(self, project: NormalizedName, files: Iterable[ReleaseFile]) -> Needs:
        """Return what wheels need, and of how many nobody knows it."""
        return await self._facts.needs(project, files)

    def answering_by(self, policy: Policy) -> Gateway:
        """Return a gateway that answers by another policy, on the same shelf and cache."""
        return Gateway(
            policy, self._shelf, self._contents, self._facts, self._firsts, self._learnt, self._notices, self._clock
        )

    async def review(self, project: NormalizedName) -> Held:
        """Return the upstream's page for a reviewer, who may ask for any name that is not internal."""
        held = await self._shelf.get(project, fresh=True)
        if held.stale:
            raise UpstreamAway(
                f"The upstream does not answer for {project} now, and nothing is approved from an old page."
            )
        self._listings.drop(project)  # installers see what the reviewer sees
        await self._notices.origins(held.page, await self.policy.current(project))
        await self._notices.quarantine(project, held)
        return held

    async def described(self, project: NormalizedName, file: ReleaseFile) -> bytes | None:
        """Return the metadata beside a file for a reviewer, approved or not; None where there is none.

        Raises GateError.
        """
        return await self._facts.beside(project, file)

    async def last_seen(self, project: NormalizedName) -> ProjectPage | None:
        """Return the upstream's page as it was last seen, without asking for it."""
        return await self._shelf.at_hand(project)

    async def _compose(self, project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> Listing:
        verdict = judge(Subject(project), snapshot, at)
        held = await self._held(verdict, snapshot, at)
        if not _is_large(held.page):
            return await self._composed(project, held, snapshot, at)
        del held  # who waits holds no page: many may, and a page may be of any size
        async with self._large:
            return await self._composed(project, await self._held(verdict, snapshot, at), snapshot, at)

    async def _composed(self, project: NormalizedName, held: Held, snapshot: PolicySnapshot, at: datetime) -> Listing:
        moves = self._learnt.moves(project)
        moved = await self._notices.origins(held.page, snapshot)
        if project in snapshot.grants or project in snapshot.quarantined:
            moved = await self._notices.quarantine(project, held) or moved
        if moved:
            snapshot = await self.policy.current(project)
        if held.page is not None:
            held = replace(held, page=await self._facts.known(project, held.page, snapshot))
        before, first = self._listings.before(project), await self._firsts.known(project)
        work = Work(project, held, snapshot, at, first, before, moves)
        listing = await JUDGING.run(work.listing) if _is_large(held.page) else work.listing()
        await self._tell(project, listing.composition, snapshot, at)
        return listing

    async def _tell(
        self, project: NormalizedName, composition: Composition, snapshot: PolicySnapshot, at: datetime
    ) -> None:
        """Report what somebody should hear of; each matter once, and only of projects that were approved."""
        if project not in snapshot.grants:
            return
        changed = {judged.file.filename: judged.file for judged in composition.changed}
        for judged in composition.files if changed else ():
            if judged.file.filename in changed:
                await self._keep_first(project, judged.file)  # for ever, whatever is approved later
        await self._notices.changed(project, changed.values())
        await self._notices.unfit(project, composition)
        await self._notices.late(late_files(composition, snapshot, at))

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


def _is_large(page: ProjectPage | None) -> bool:
    return page is not None and len(page.files) > LARGE_PAGE


def _set_aside(listing: Listing, filename: str) -> Verdict | None:
    """Return why a row of the page is not served at all: it changed, or it is no file."""
    for judged in listing.composition.changed:
        if judged.file.filename == filename:
            return at_revision(judged.verdict, listing.revision)
    for row in listing.composition.unreadable:
        if row.filename == filename and row.inconsistent:
            finding = inconsistent(filename, row.problem)
            return Verdict(Subject(listing.project), listing.revision, (finding,))
    return None


def _unknown(
    subject: Subject,
    filename: str,
    snapshot: PolicySnapshot,
    step: str = "The project's page lists what there is.",
) -> Verdict:
    finding = Finding(Code.UNKNOWN_FILE, Effect.FORBID, f"No such file is listed: {filename[:128]!a}", step)
    return Verdict(subject, snapshot.revision, (finding,))
