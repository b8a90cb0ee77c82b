"""Approving what a requirement matches, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.actions.granting import Granting, Outcome
from admin.actions.hands import Hands, seen
from admin.actions.wishes import Unusable, Wish, ends_later, read_requirement, said
from admin.roles import Permission, demand
from proxy.model import Actor, Approval, AuditEvent, Change, Entry
from proxy.policy import changes, emergencies
from proxy.policy.versions import covers, pinned_by


@dataclass(frozen=True, slots=True)
class Approvals:
    """Approvals of one requirement at a time."""

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
