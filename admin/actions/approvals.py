"""Approving what requirements match, and taking it back.

Decided here:

* Many are shown one by one, what stands in the way of each beside it; those that remain are granted in one change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from admin.actions.granting import Draft, Granting, Outcome
from admin.actions.hands import Hands, seen
from admin.actions.wishes import Unusable, Wish, ends_later, read_requirement, said
from admin.roles import Permission, demand
from proxy.errors import GateError
from proxy.model import Actor, Approval, AuditEvent, Change, Entry
from proxy.policy import changes, emergencies
from proxy.policy.versions import covers, pinned_by

WISHES_AT_MOST = 100
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What approving some wishes would do: those that could be granted with what each opens, and what stops others."""

    outcomes: tuple[tuple[Wish, Outcome], ...]
    stopped: tuple[tuple[Wish, GateError], ...]


@dataclass(frozen=True, slots=True)
class Approvals:
    """Approvals of a requirement, or of many as one change."""

    hands: Hands
    granting: Granting

    async def approve(
        self, actor: Actor, wish: Wish, *, dry_run: bool = False, if_revision: int | None = None
    ) -> Outcome:
        """Approve what a requirement matches now. With ``dry_run`` nothing is changed.

        Raises Forbidden, Unusable, NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        ends_later(wish, self.hands.clock())
        draft = await self.granting.draft(actor, wish, *read_requirement(wish.requirement))
        (outcome,) = await self.granting.grant(actor, [draft], dry_run=dry_run, if_revision=if_revision)
        return outcome

    async def foresee_all(self, actor: Actor, wishes: Sequence[Wish]) -> Foreseen:
        """Show what many approvals would do, and what stands in the way of each. Raises Forbidden, Unusable."""
        demand(actor, Permission.POLICY_APPROVE)
        found = await self._drafts(actor, wishes)
        ready = [(wish, draft) for wish, draft in zip(wishes, found, strict=True) if isinstance(draft, Draft)]
        stopped = [(wish, error) for wish, error in zip(wishes, found, strict=True) if isinstance(error, GateError)]
        drafts = [draft for _, draft in ready]
        shown = await self.granting.grant(actor, drafts, dry_run=True, if_revision=None) if drafts else []
        outcomes = [(wish, outcome) for (wish, _), outcome in zip(ready, shown, strict=True)]
        return Foreseen(tuple(outcomes), tuple(stopped))

    async def approve_all(
        self, actor: Actor, wishes: Sequence[Wish], *, if_revision: int | None = None
    ) -> list[Outcome]:
        """Approve many, as one change: all or none. Raises what :meth:`approve` raises."""
        demand(actor, Permission.POLICY_APPROVE)
        found = await self._drafts(actor, wishes)
        for error in found:
            if isinstance(error, GateError):
                raise error
        drafts = [draft for draft in found if isinstance(draft, Draft)]
        return await self.granting.grant(actor, drafts, dry_run=False, if_revision=if_revision)

    async def _drafts(self, actor: Actor, wishes: Sequence[Wish]) -> list[Draft | GateError]:
        """Return a draft for each wish, or what stands in its way. Raises Unusable for none, and for too many."""
        if not 1 <= len(wishes) <= WISHES_AT_MOST:
            raise Unusable(f"Choose from 1 to {WISHES_AT_MOST} of them.")
        turn = asyncio.Semaphore(AT_ONCE)
        return list(await asyncio.gather(*(self._draft(actor, wish, turn) for wish in wishes)))

    async def _draft(self, actor: Actor, wish: Wish, turn: asyncio.Semaphore) -> Draft | GateError:
        said(wish.reason)
        try:
            ends_later(wish, self.hands.clock())
            async with turn:
                draft = await self.granting.draft(actor, wish, *read_requirement(wish.requirement))
                pinned = await self.granting.pinned(draft)
            await self.granting.meet([pinned.approval])
        except GateError as error:
            return error
        return pinned

    async def revoke(
        self, actor: Actor, requirement: str, reason: str, channel: str = "", if_revision: int | None = None
    ) -> AuditEvent:
        """End what opens a requirement in a channel: whole approvals, or the matching files of frozen ones.

        An emergency that opens any of it ends as a whole, and waits for its review as before.
        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        project, specifier = read_requirement(requirement)
        snapshot, at = await self.hands.policy(channel), self.hands.clock()
        here = [g.approval for g in snapshot.grants.get(project, ()) if g.approval.channel == channel]
        touched = [approval for approval in here if _touches(approval, specifier)]
        ordinary = [approval for approval in touched if not approval.emergency]
        open_now = [approval for approval in emergencies.open_at(snapshot, at) if approval in touched]
        if not ordinary and not open_now:
            raise Unusable(_nothing_to_revoke(project, specifier if here else "", channel))
        change = emergencies.ended(open_now, said(reason), at)
        if ordinary:
            revoked = _narrowed(ordinary, specifier, reason) if specifier else changes.revoke(ordinary, reason)
            change = replace(revoked, puts=(*revoked.puts, *change.puts))
        return await self.hands.commit(change, actor, seen(snapshot, if_revision))


def _touches(approval: Approval, specifier: str) -> bool:
    """Whether an approval opens any of a range, or its standing range may."""
    pinned = pinned_by(specifier)
    standing = approval.standing and (not pinned or covers(approval.specifier, pinned))
    return not specifier or standing or any(covers(specifier, file.version) for file in approval.files)


def _nothing_to_revoke(project: str, specifier: str, channel: str) -> str:
    if specifier:
        return f"No approved file of {project} is in {specifier}."
    where = f" in the channel {channel}" if channel else ""
    return f"Nothing of {project} is approved{where}, so there is nothing to revoke."


def _narrowed(approvals: list[Approval], specifier: str, reason: str) -> Change:
    """Take the files in a range out of the approvals that froze them."""
    puts: list[Entry] = []
    ends: list[str] = []
    for approval in approvals:
        if approval.standing:
            raise Unusable(
                f"The approval {approval.id} is a standing one and would let the range in again. "
                f"Prohibit it instead: wicketgate prohibit '{approval.project}{specifier}' --reason …"
            )
        rest = tuple(file for file in approval.files if not covers(specifier, file.version))
        if rest:
            puts.append(replace(approval, files=rest))
        else:
            ends.append(approval.id)
    detail = {"specifier": specifier, "narrowed": [entry.id for entry in puts]}
    return Change("project:approval:revoked", approvals[0].project, reason, tuple(puts), tuple(ends), detail)
