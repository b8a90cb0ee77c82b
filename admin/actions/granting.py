"""From a wish to approvals: drafted from pages, shown with their consequences, granted in one change.

Decided here:

* Approved means these bytes: the files that match now are frozen by digest, together with the digest
  of their metadata. What appears later waits for a look, unless the approval is a standing one.
* Nothing is approved that would not be served at all for a reason the approver has not met: a
  look-alike, or what needs one, is acknowledged by the name it resembles (:mod:`~admin.actions.resemblances`).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.resemblances import acknowledged, met
from admin.actions.wishes import NeedsAcknowledgement, Unusable, Wish, said
from proxy.model import (
    Acknowledgement,
    Actor,
    Approval,
    Ask,
    AuditEvent,
    Change,
    Code,
    LateFile,
    ProjectPage,
    ReleaseFile,
)
from proxy.policy import changes, freezing
from proxy.policy.listing import Composition
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import covers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an approval opens, what of it is still withheld, and what the range would hold but was left out."""

    approval: Approval
    revision: int
    composition: Composition
    left_out: tuple[str, ...] = ()
    event: AuditEvent | None = None
    unread: int = 0
    """Wheels of which nobody read what they need, so that no look-alike was looked for there."""

    @property
    def opened(self) -> list[str]:
        """The names of the approved files that are served."""
        return [judged.file.filename for judged in self.composition.allowed if judged.file in self.approval.files]


@dataclass(frozen=True, slots=True)
class Draft:
    """An approval that is not granted yet, and the page it was made from; ``aware`` is what is known of missed news."""

    approval: Approval
    page: ProjectPage
    left_out: tuple[str, ...]
    aware: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Met:
    """The look-alikes that approvals met and acknowledge, and by project how many of their wheels were not read."""

    known: Sequence[Acknowledgement] = ()
    unread: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granting:
    """The two steps of every approval: a draft for each project, then all drafts granted together."""

    hands: Hands

    async def draft(
        self, actor: Actor, wish: Wish, project: NormalizedName, specifier: str, sha256s: Collection[str] = ()
    ) -> Draft:
        """Return the approval of what a range of a project matches now; of these digests alone where some are named.

        Raises Unusable, UpstreamError.
        """
        await self.hands.policy(wish.channel)
        page, at = await self.hands.page(project)
        approval = wished(actor, wish, project, specifier, at)
        chosen, left_out = _named(approval, page, wish.sha256) if wish.sha256 else _choose(approval, page, sha256s)
        if not chosen and not wish.standing:
            raise Unusable(freezing.nothing(approval, left_out))
        return Draft(replace(approval, files=chosen), page, left_out, wish.aware)

    async def foresee(self, drafts: Sequence[Draft]) -> list[Outcome]:
        """Show what the drafts would open together, as far as their look-alikes are acknowledged. Raises StoreError."""
        views, at = await self._views([draft.approval for draft in drafts]), self.hands.clock()
        known = [entry for approval, seen in views for entry in acknowledged(approval, seen, at)]
        return (await self._foreseen(drafts, "", Met(known)))[1]

    async def grant(
        self, actor: Actor, drafts: Sequence[Draft], *, dry_run: bool, if_revision: int | None, source: str = ""
    ) -> list[Outcome]:
        """Show what the drafts would open together, or make it so in one change that says ``source``.

        Raises NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        drafts = [await self.pinned(draft) for draft in drafts]
        found = await self.meet([draft.approval for draft in drafts])
        change, outcomes = await self._foreseen(drafts, source, found)
        if dry_run:
            return outcomes
        aware = frozenset.intersection(*(draft.aware for draft in drafts))
        event = await self.hands.commit(change, actor, if_revision, aware=aware)
        return [replace(outcome, revision=event.revision, event=event) for outcome in outcomes]

    async def _foreseen(self, drafts: Sequence[Draft], source: str, found: Met) -> tuple[Change, list[Outcome]]:
        approvals = [draft.approval for draft in drafts]
        waiting = self.hands.asks(*(approval.project for approval in approvals))
        settled = [ask for approval in approvals for ask in answered(waiting, approval)]
        answers: list[Ask | LateFile] = [*settled, *admitted(self.hands.late(), approvals)]
        change = changes.grant(approvals, answers, source, found.known, found.unread)
        outcomes = await self._outcomes(change, drafts)
        return change, [replace(each, unread=found.unread.get(each.approval.project, 0)) for each in outcomes]

    async def meet(self, approvals: Sequence[Approval]) -> Met:
        """Return the look-alikes among the approvals and what they need. Raises NeedsAcknowledgement, Unusable."""
        found: dict[str, Acknowledgement] = {}
        unread: dict[str, int] = {}
        at = self.hands.clock()
        for approval, views in await self._views(approvals):
            needs = await self.hands.gateway.needs(approval.project, approval.files)
            found |= {entry.id: entry for entry in met(approval, needs.names, views, at)}
            if needs.unread:
                unread[approval.project] = unread.get(approval.project, 0) + needs.unread
        return Met(list(found.values()), unread)

    async def _views(self, approvals: Sequence[Approval]) -> list[tuple[Approval, list[PolicySnapshot]]]:
        """Return the policy that each approval meets in its channel: as it is, and with all of them granted."""
        snapshot = await self.hands.live.names_known()
        both = snapshot, changes.apply(snapshot, changes.grant(approvals))
        return [(approval, [policy.of_channel(approval.channel) for policy in both]) for approval in approvals]

    async def _outcomes(self, change: Change, drafts: Sequence[Draft]) -> list[Outcome]:
        """Return what each draft opens with all of them in force."""
        snapshot, at = await self.hands.live.names_known(), self.hands.clock()
        after = changes.apply(snapshot, change)
        views = {name: after.of_channel(name).enforced() for name in {draft.approval.channel for draft in drafts}}
        return [
            Outcome(
                draft.approval,
                snapshot.revision,
                await self.hands.gateway.judged(draft.page, views[draft.approval.channel], at),
                draft.left_out,
            )
            for draft in drafts
        ]

    async def shown(self, change: Change, drafts: Iterable[Draft]) -> list[Composition]:
        """Return what a change would make of the drafts' projects. Raises NeedsAcknowledgement."""
        outcomes = await self._outcomes(change, list(drafts))
        for outcome in outcomes:
            if missing := unmet(outcome.composition):
                raise missing
        return [outcome.composition for outcome in outcomes]

    async def pinned(self, draft: Draft) -> Draft:
        """Return a draft whose files know the digest of their metadata."""
        approval = draft.approval
        terms = (await self.hands.policy(approval.channel)).terms
        files = await self.hands.gateway.pinned(approval, terms)
        return replace(draft, approval=replace(approval, files=files))


def wished(actor: Actor, wish: Wish, project: NormalizedName, specifier: str, at: datetime) -> Approval:
    """Return an approval as wished, without files yet. Raises Unusable."""
    return Approval(
        id=f"approval:{secrets.token_hex(8)}",
        project=project,
        specifier=specifier,
        files=(),
        by=actor.name,
        by_id=actor.principal,
        reason=said(wish.reason),
        at=at,
        standing=wish.standing,
        prereleases=wish.prereleases,
        sdists=wish.sdists,
        acknowledged=wish.overrules,
        until=wish.until,
        ticket=wish.ticket,
        yanked=wish.yanked,
        legacy=wish.legacy,
        channel=wish.channel,
        exact=bool(wish.sha256),
    )


def _named(
    approval: Approval, page: ProjectPage, digests: Iterable[str]
) -> tuple[tuple[ReleaseFile, ...], tuple[str, ...]]:
    """Return exactly the files with these digests. Raises Unusable where one of them is none of the range."""
    listed = {file.sha256: file for file in page.files if covers(approval.specifier, file.version)}
    if approval.standing:
        raise Unusable("An approval of exact files cannot be a standing one: it opens these files and no others.")
    for digest in digests:
        if digest not in listed:
            what = f"{approval.project}{approval.specifier}"
            raise Unusable(f"No file of {what} has the digest {digest}. Nothing was approved.")
    return tuple(listed[digest] for digest in dict.fromkeys(digests)), ()


def _choose(
    approval: Approval, page: ProjectPage, sha256s: Collection[str]
) -> tuple[tuple[ReleaseFile, ...], tuple[str, ...]]:
    """Return the files the approval freezes, and the names of those in its range that it leaves out.

    Raises Unusable for a digest that no file in the range has.
    """
    in_range = [file for file in page.files if covers(approval.specifier, file.version)]
    strangers = set(sha256s) - {file.sha256 for file in in_range}
    if strangers and in_range:
        raise Unusable(_foreign(approval, strangers))
    return freezing.chosen(approval, [file for file in in_range if not sha256s or file.sha256 in sha256s])


def _foreign(approval: Approval, strangers: Collection[str]) -> str:
    shown = ", ".join(f"{digest[:16]}…" for digest in sorted(strangers)[:3])
    return (
        f"No file of {approval.project}{approval.specifier} at the upstream has the SHA-256 {shown} "
        "Find out where the lock has it from before anybody installs it."
    )


def unmet(composition: Composition) -> NeedsAcknowledgement | None:
    """Return what an approver must acknowledge first: a look-alike that they have not met; None where nothing."""
    for finding in composition.verdict.refusals:
        if finding.code is Code.LOOK_ALIKE:
            return NeedsAcknowledgement(finding, f"{Code.LOOK_ALIKE}:{finding.evidence['target']}")
    return None


def admitted(late: Iterable[LateFile], approvals: Iterable[Approval]) -> list[LateFile]:
    """Return the files that waited and that one of these approvals froze, in the channel where they waited."""
    frozen = {(approval.channel, file.sha256) for approval in approvals for file in approval.files}
    return [waiting for waiting in late if (waiting.channel, waiting.file.sha256) in frozen]


def answered(asks: list[Ask], approval: Approval) -> list[Ask]:
    """Return the wishes that an approval settles: for any version of its project, or for one it froze."""
    return [
        ask
        for ask in asks
        if ask.project == approval.project
        and (not ask.specifier or any(covers(ask.specifier, file.version) for file in approval.files))
    ]
