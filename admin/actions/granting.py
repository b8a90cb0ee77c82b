"""From a wish to approvals: drafted from pages, shown with their consequences, granted in one change.

Decided here:

* Approved means these bytes: the files that match now are frozen by digest, together with the digest
  of their metadata. What appears later waits for a look, unless the approval is a standing one.
* Nothing is approved that would not be served at all for a reason the approver has not met: a
  look-alike, or what needs one, is acknowledged by the name it resembles (:mod:`~admin.actions.resemblances`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.resemblances import met
from admin.actions.wishes import Unusable, Wish, read_acknowledgement, said
from proxy.model import Acknowledgement, Actor, Approval, Ask, AuditEvent, ProjectPage, ReleaseFile
from proxy.policy import changes
from proxy.policy.listing import Composition, compose
from proxy.policy.rules.approved import admits
from proxy.policy.snapshot import Grant, PolicySnapshot
from proxy.policy.versions import covers


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an approval opens, what of it is still withheld, and what the range would hold but was left out."""

    approval: Approval
    revision: int
    composition: Composition
    left_out: tuple[str, ...] = ()
    event: AuditEvent | None = None

    @property
    def opened(self) -> list[str]:
        """The names of the approved files that are served."""
        return [judged.file.filename for judged in self.composition.allowed if judged.file in self.approval.files]


@dataclass(frozen=True, slots=True)
class Draft:
    """An approval that is not granted yet, and the page it was made from."""

    approval: Approval
    page: ProjectPage
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Granting:
    """The two steps of every approval: a draft for each project, then all drafts granted together."""

    hands: Hands

    async def draft(self, actor: Actor, wish: Wish, project: NormalizedName, specifier: str) -> Draft:
        """Return the approval of what a range of a project matches now. Raises Unusable, UpstreamError."""
        await self.hands.policy(wish.channel)
        page, at = await self.hands.page(project)
        approval = wished(actor, wish, project, specifier, at)
        chosen, left_out = _choose(approval, page)
        if not chosen and not wish.standing:
            raise Unusable(_nothing(project, specifier, left_out))
        return Draft(replace(approval, files=chosen), page, left_out)

    async def grant(
        self, actor: Actor, drafts: Sequence[Draft], *, dry_run: bool, if_revision: int | None
    ) -> list[Outcome]:
        """Show what the drafts would open together, or make it so in one change.

        Raises NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        if not dry_run:
            drafts = [await self._pinned(draft) for draft in drafts]
        approvals = [draft.approval for draft in drafts]
        asks = [ask for approval in approvals for ask in _answered(self.hands.asks(approval.project), approval)]
        snapshot, at = await self.hands.live.current(), self.hands.clock()
        change = changes.grant(approvals, asks, await self._met(approvals, snapshot, at))
        after = changes.apply(snapshot, change)
        compositions = [
            compose(draft.approval.project, draft.page, after.of_channel(draft.approval.channel), at)
            for draft in drafts
        ]
        event = None if dry_run else await self.hands.commit(change, actor, if_revision)
        revision = event.revision if event else snapshot.revision
        return [
            Outcome(draft.approval, revision, composition, draft.left_out, event)
            for draft, composition in zip(drafts, compositions, strict=True)
        ]

    async def _met(
        self, approvals: Sequence[Approval], snapshot: PolicySnapshot, at: datetime
    ) -> list[Acknowledgement]:
        """Return the look-alikes among the approvals and what they need. Raises NeedsAcknowledgement, Unusable."""
        snapshots = snapshot, changes.apply(snapshot, changes.grant(approvals))
        found: dict[str, Acknowledgement] = {}
        for approval in approvals:
            needs = await self.hands.gateway.needs(approval.project, approval.files)
            here = [snapshot.of_channel(approval.channel) for snapshot in snapshots]
            found |= {entry.id: entry for entry in met(approval, needs, here, at)}
        return list(found.values())

    async def _pinned(self, draft: Draft) -> Draft:
        approval = draft.approval
        files = await self.hands.gateway.pin_metadata(approval.project, approval.files)
        return replace(draft, approval=replace(approval, files=files))


def wished(actor: Actor, wish: Wish, project: NormalizedName, specifier: str, at: datetime) -> Approval:
    """Return an approval as wished, without files yet. Raises Unusable."""
    return Approval(
        id=f"approval:{secrets.token_hex(8)}",
        project=project,
        specifier=specifier,
        files=(),
        by=actor.name,
        reason=said(wish.reason),
        at=at,
        standing=wish.standing,
        prereleases=wish.prereleases,
        sdists=wish.sdists,
        acknowledged=tuple(sorted({read_acknowledgement(text) for text in wish.acknowledge})),
        until=wish.until,
        ticket=wish.ticket,
        yanked=wish.yanked,
        legacy=wish.legacy,
        channel=wish.channel,
    )


def _choose(approval: Approval, page: ProjectPage) -> tuple[tuple[ReleaseFile, ...], tuple[str, ...]]:
    """Return the files the approval freezes, and the names of those in its range that it leaves out."""
    grant = Grant.of(approval)
    in_range = [file for file in page.files if covers(approval.specifier, file.version)]
    chosen = tuple(file for file in in_range if file.sha256 and admits(grant, file))
    return chosen, tuple(file.filename for file in in_range if file not in chosen)


def _nothing(project: str, specifier: str, left_out: Iterable[str]) -> str:
    names_left = list(left_out)
    if not names_left:
        return f"No file of {project} matches {specifier or 'any version'} at the upstream now."
    hints = "say --sdists (they run code on install), --prereleases, --yanked or --legacy for those"
    shown = ", ".join(names_left[:5])
    return f"Of {project}{specifier} only these exist, and they are not approved unless you say so: {shown}; {hints}."


def _answered(asks: list[Ask], approval: Approval) -> list[Ask]:
    """Return the wishes that an approval settles: for any version, or for one it froze."""
    return [
        ask for ask in asks if not ask.specifier or any(covers(ask.specifier, file.version) for file in approval.files)
    ]
