"""What waits for a second person: confirmed or rejected by somebody else than who proposed it.

Decided here:

* Another person is another principal: not another token or session of the same one, nor a token that they issued.
* Whoever confirms must be permitted to do the act alone, were it one person's, and says which digest was seen.
* Nothing that it replaces may have changed since it was proposed. What is to be different is proposed anew.
* Whoever proposed may take it back. A dispute of malware that two people agreed on is an alert.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, said
from admin.roles import Forbidden, Permission, demand
from proxy.alerts import Alerts
from proxy.model import Actor, AuditEvent, Change, Proposal
from proxy.policy import changes, changes_people, second_person
from proxy.store import proposed

PERMISSIONS = (
    ("project:waiver:", Permission.POLICY_WAIVE),
    ("project:prohibition:", Permission.POLICY_PROHIBIT),
    ("project:", Permission.POLICY_APPROVE),
    ("policy:", Permission.TERMS_WRITE),
    ("upstream:", Permission.ORIGINS_WRITE),
    ("access:", Permission.ACCESS_WRITE),
)
"""By the beginning of a change's tag: what its verb demands. The first that fits counts."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The acts of two people."""

    hands: Hands
    alerts: Alerts

    async def waiting(self) -> list[Proposal]:
        """Return what waits, the oldest first. Raises StoreError."""
        return await asyncio.to_thread(self.hands.proposals)

    async def one(self, identity: str) -> Proposal:
        """Return one that waits. Raises Unusable, StoreError."""
        found = next((proposal for proposal in await self.waiting() if proposal.id == identity), None)
        if found is None:
            raise Unusable(f"Nothing waits as {identity[:40]!r}. wicketgate proposals list")
        return found

    async def confirm(self, actor: Actor, identity: str, digest: str) -> AuditEvent:
        """Do what somebody else proposed; ``digest`` is that of what the second person was shown.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.PROPOSAL_DECIDE)
        proposal = await self.one(identity)
        demand(actor, permission_of(proposal.tag))
        if actor.principal == proposal.principal:
            raise Forbidden(f"{proposal.by} proposed this, and that is you. Somebody else has to confirm it.")
        if digest != proposal.digest:
            raise Unusable("That is not the digest of what is proposed now. Look at it again.")
        change = changes_people.confirm(proposal, proposed.unpacked(proposal), actor, self.hands.clock())
        revision = await self._unchanged_since(proposal, change)
        event = await self.hands.enact(change, actor, revision)
        if second_person.MALWARE in proposal.words:
            await self._shout(proposal, actor)
        return event

    async def reject(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """End a proposal without doing it. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.PROPOSAL_DECIDE)
        proposal = await self.one(identity)
        if actor.principal != proposal.principal:
            demand(actor, permission_of(proposal.tag))
        return await self.hands.enact(changes_people.reject(proposal, said(reason)), actor)

    async def _unchanged_since(self, proposal: Proposal, change: Change) -> int:
        """Return the revision in force. Raises Unusable where something that the change replaces has moved."""
        kept = await asyncio.to_thread(self.hands.store.load, proposal.seq)
        put, ended = {entry.id for entry in kept.puts}, set(kept.ends)
        mine = {entry.id for entry in change.puts}
        theirs = set(change.ends) - {proposal.id}
        if mine & (put | ended) or theirs & put:
            raise Unusable("What this would replace was changed since it was proposed. Reject it, and propose it anew.")
        return kept.revision

    async def _shout(self, proposal: Proposal, actor: Actor) -> None:
        sentence = f"{proposal.by} and {actor.name} set a report of malware aside: {proposal.reason}"
        await self.alerts.tell(changes.report("project:malware:disputed", proposal.project, sentence), actor)


def permission_of(tag: str) -> Permission:
    """Return what doing an act alone would take, by its tag. Raises Forbidden for one that nobody wrote down."""
    for start, permission in PERMISSIONS:
        if tag.startswith(start):
            return permission
    raise Forbidden(f"Nobody may confirm {tag}.")
