"""From the new entries of a document to what they stand for: files frozen, claims checked, every fault collected.

Decided here:

* An approval with files is granted for exactly these bytes, as the upstream lists them now; one without freezes what
  matches now. What an approval froze before is not asked for again when only its end or its reason changes.
* A simulation looks at kept pages instead, and says what it could not see.
* What an entry would not get by its own verb it does not get by a document: ended dates, waivers of malware,
  look-alikes that nobody acknowledged (of what is approved and of what that needs), the end of a channel whose
  emergencies nobody has reviewed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.resemblances import met
from admin.actions.wishes import (
    CHANNELS_AT_MOST,
    WAIVER_DAYS_AT_MOST,
    NeedsAcknowledgement,
    Unusable,
    read_channel,
)
from proxy.errors import OriginRefused
from proxy.facts import Needs
from proxy.model import Acknowledgement, Approval, ProjectPage, ReleaseFile
from proxy.policy.document.applying import Hand, draft
from proxy.policy.document.comparing import Step
from proxy.policy.document.entries import ApprovalEntry, ChannelEntry, Fault, OriginEntry, WaiverEntry
from proxy.policy.document.exporting import kept
from proxy.policy.emergencies import unreviewed
from proxy.policy.freezing import freeze
from proxy.policy.snapshot import PolicySnapshot
from proxy.upstream.origins import origin_of

AT_ONCE = 8
"""Pages asked of the upstream at the same time."""

Look = Callable[[NormalizedName], Awaitable[ProjectPage | str]]
"""Gets a page, or a sentence saying why there is none."""


@dataclass(slots=True)
class Resolved:
    """What new approvals froze, the look-alikes that they acknowledge, and every fault that was found on the way.

    ``unread`` counts, by project, the wheels of which nobody read what they need.
    """

    approvals: dict[ApprovalEntry, Approval] = field(default_factory=dict)
    met: list[Acknowledgement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolving:
    """Looks at what a document claims."""

    hands: Hands

    async def upstream(self, project: NormalizedName) -> ProjectPage | str:
        """Look at the upstream's page as it is now. Raises UpstreamError."""
        try:
            page, _ = await self.hands.page(project)
        except Unusable as error:
            return str(error)
        return page

    async def at_hand(self, project: NormalizedName) -> ProjectPage | str:
        """Look at the page that is kept here."""
        page = await self.hands.gateway.last_seen(project)
        return page or f"the page of {project} is not kept here, so what it would add is not known"

    async def approvals(self, snapshot: PolicySnapshot, steps: Iterable[Step], hand: Hand, look: Look) -> Resolved:
        """Freeze what new and changed approvals are about. Raises UpstreamError where the upstream fails."""
        before = {entry: noun.files for noun, entry in kept(snapshot) if isinstance(noun, Approval)}
        wanted = [
            (step.after, before.get(step.before, ()) if isinstance(step.before, ApprovalEntry) else ())
            for step in steps
            if isinstance(step.after, ApprovalEntry)
        ]
        pages = await self._pages({entry.project for entry, known in wanted if _needs_page(entry, known)}, look)
        found = Resolved()
        for entry, known in wanted:
            _freeze(found, entry, known, pages.get(entry.project), hand)
        return found

    async def _pages(self, projects: Iterable[NormalizedName], look: Look) -> dict[NormalizedName, ProjectPage | str]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def page(project: NormalizedName) -> ProjectPage | str:
            async with turn:
                return await look(project)

        names = sorted(projects)
        return dict(zip(names, await asyncio.gather(*map(page, names)), strict=True))

    async def meet(self, found: Resolved, before: PolicySnapshot, after: PolicySnapshot, at: datetime) -> None:
        """Look for look-alikes among new approvals, by the policy before and after, and what they need, after it."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def needs(approval: Approval) -> Needs:
            async with turn:
                return await self.hands.gateway.needs(approval.project, approval.files)

        needed = await asyncio.gather(*map(needs, found.approvals.values()))
        for (entry, approval), needs_of in zip(found.approvals.items(), needed, strict=True):
            if needs_of.unread:
                found.unread[approval.project] = found.unread.get(approval.project, 0) + needs_of.unread
            views = before.seen_in(approval.channel), after.seen_in(approval.channel)
            try:
                found.met += met(approval, {}, views[:1], at) + met(approval, needs_of.names, views[1:], at)
            except NeedsAcknowledgement as error:
                sentence = f'{error.finding.sentence} If you mean it: acknowledged = ["{error.say}"]'
                found.faults.append(Fault(entry.place, sentence))
            except Unusable as error:
                found.faults.append(Fault(entry.place, str(error)))

    async def claims(self, snapshot: PolicySnapshot, steps: Sequence[Step], channels: int, at: datetime) -> list[Fault]:
        """Return what is wrong with the steps by themselves; ``channels`` is how many there would be. StoreError."""
        faults = [fault for step in steps for fault in (*_claims(step, at), *_closing(step, snapshot))]
        for step in steps:
            entry = step.after
            if isinstance(entry, WaiverEntry):
                try:
                    await self.hands.may_be_waived(entry.project, entry.advisory)
                except Unusable as error:
                    faults.append(Fault((*entry.place, "advisory"), str(error)))
        if channels > CHANNELS_AT_MOST:
            faults.append(Fault(("channels",), f"there may be {CHANNELS_AT_MOST} channels at most"))
        return faults


def _needs_page(entry: ApprovalEntry, known: Sequence[ReleaseFile]) -> bool:
    return not entry.files or not {(file.filename, file.sha256) for file in known}.issuperset(entry.files)


def _freeze(
    found: Resolved, entry: ApprovalEntry, known: Sequence[ReleaseFile], page: ProjectPage | str | None, hand: Hand
) -> None:
    listed = page.files if isinstance(page, ProjectPage) else ()
    frozen = freeze(draft(entry, hand), entry.files, known, listed)
    found.approvals[entry] = frozen.approval
    if isinstance(page, str):
        found.faults.append(Fault(entry.place, page))
        return
    for filename, sentence in frozen.faults.items():
        found.faults.append(Fault((*entry.place, "files", filename) if filename else entry.place, sentence))


def _claims(step: Step, at: datetime) -> Iterator[Fault]:
    entry = step.after
    if isinstance(entry, ApprovalEntry) and entry.until is not None and entry.until <= at:
        yield Fault((*entry.place, "until"), "an approval cannot end in the past")
    if isinstance(entry, WaiverEntry) and not at < entry.until <= at + timedelta(days=WAIVER_DAYS_AT_MOST):
        yield Fault((*entry.place, "until"), f"a waiver ends within {WAIVER_DAYS_AT_MOST} days, and not in the past")
    if isinstance(entry, ChannelEntry) and step.before is None:
        try:
            read_channel(entry.name)
        except Unusable as error:
            yield Fault((*entry.place, "name"), str(error))
    if isinstance(entry, OriginEntry):
        yield from _origin(entry)


def _closing(step: Step, snapshot: PolicySnapshot) -> Iterator[Fault]:
    """Yield a fault for a channel that would close over an emergency that nobody has reviewed."""
    if isinstance(step.before, ChannelEntry) and step.after is None and (said := unreviewed(snapshot, step.name)):
        yield Fault(("channels",), said)


def _origin(entry: OriginEntry) -> Iterator[Fault]:
    try:
        spelt = origin_of(entry.url)
    except OriginRefused as error:
        yield Fault((*entry.place, "url"), str(error))
        return
    if spelt != entry.url:
        yield Fault((*entry.place, "url"), f"write it as {spelt}")
