"""Approving what a requirement matches, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.actions.granting import Granting, Outcome
from admin.actions.hands import Hands, seen
from admin.actions.wishes import Unusable, Wish, ends_later, read_requirement, said
from admin.roles import Permission, demand
from proxy.model import Actor, Approval, AuditEvent, Change, Entry
from proxy.policy import changes
from proxy.policy.versions import covers


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

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        project, specifier = read_requirement(requirement)
        said(reason)
        snapshot = await self.hands.policy(channel)
        approvals = [g.approval for g in snapshot.grants.get(project, ()) if g.approval.channel == channel]
        if not approvals:
            where = f" in the channel {channel}" if channel else ""
            raise Unusable(f"Nothing of {project} is approved{where}, so there is nothing to revoke.")
        change = _narrowed(approvals, specifier, reason) if specifier else changes.revoke(approvals, reason)
        return await self.hands.commit(change, actor, seen(snapshot, if_revision))


def _narrowed(approvals: list[Approval], specifier: str, reason: str) -> Change:
    """Take the files in a range out of the approvals that froze them."""
    puts: list[Entry] = []
    ends: list[str] = []
    for approval in approvals:
        rest = tuple(file for file in approval.files if not covers(specifier, file.version))
        if approval.standing:
            raise Unusable(
                f"The approval {approval.id} is a standing one and would let the range in again. "
                f"Prohibit it instead: wicketgate prohibit '{approval.project}{specifier}' --reason …"
            )
        if len(rest) == len(approval.files):
            continue
        if rest:
            puts.append(replace(approval, files=rest))
        else:
            ends.append(approval.id)
    if not puts and not ends:
        raise Unusable(f"No approved file of {approvals[0].project} is in {specifier}.")
    detail = {"specifier": specifier, "narrowed": [entry.id for entry in puts]}
    return Change("project:approval:revoked", approvals[0].project, reason, tuple(puts), tuple(ends), detail)
