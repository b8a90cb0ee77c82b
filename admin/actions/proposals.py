"""What waits for a second person: confirmed or rejected by somebody else than who proposed it.

Decided here:

* Another person is another account: not another token or session of the same one, nor a token that they issued, nor
  one that no account answers for.
* Whoever confirms must be permitted to do the act alone, were it one person's (and to give each role that it gives),
  and says which digest was seen.
* Nothing that it replaces may have changed since it was proposed. What is to be different is proposed anew.
* Whoever proposed may take it back. A dispute of malware that two people agreed on is an alert.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable, said
from admin.roles import ROLES, Forbidden, Permission, demand, demand_person
from proxy.alerts import Alerts
from proxy.errors import RevisionConflict
from proxy.model import (
    Account,
    Actor,
    Approval,
    AuditEvent,
    Change,
    Channel,
    Entry,
    Invitation,
    NamesList,
    Origin,
    Prohibition,
    Proposal,
    Terms,
    Waiver,
)
from proxy.policy import changes, changes_people, second_person
from proxy.store import proposed

_PUTTING: Mapping[type[Entry], Permission] = {
    Approval: Permission.POLICY_APPROVE,
    Waiver: Permission.POLICY_WAIVE,
    Prohibition: Permission.POLICY_PROHIBIT,
    Terms: Permission.TERMS_WRITE,
    Channel: Permission.TERMS_WRITE,
    Origin: Permission.ORIGINS_WRITE,
    NamesList: Permission.FEED_WRITE,
    Account: Permission.ACCESS_WRITE,
    Invitation: Permission.ACCESS_WRITE,
}
_ENDING = {
    "prohibition": Permission.POLICY_PROHIBIT,
    "channel": Permission.TERMS_WRITE,
    "waiver": Permission.POLICY_WAIVE,
    "approval": Permission.POLICY_APPROVE,
    "emergency": Permission.POLICY_APPROVE,
}
"""What doing each part of an act alone would take: by the kinds of what it puts, and of the ids that it ends."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The acts of two people."""

    hands: Hands
    alerts: Alerts

    async def waiting(self) -> list[Proposal]:
        """Return what waits, the oldest first. Raises StoreError."""
        return await asyncio.to_thread(self.hands.proposals)

    async def one(self, identity: str) -> Proposal:
        """Return one that waits. Raises Unknown, StoreError."""
        found = next((proposal for proposal in await self.waiting() if proposal.id == identity), None)
        if found is None:
            raise Unknown(f"Nothing waits as {identity[:40]!r}. wicketgate proposals list")
        return found

    async def confirm(
        self,
        actor: Actor,
        identity: str,
        digest: str,
        acknowledge: Collection[str] = (),
        if_revision: int | None = None,
    ) -> AuditEvent:
        """Do what somebody else proposed; ``digest`` is that of what the second person was shown.

        Raises Forbidden, NeedsAcknowledgement, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.PROPOSAL_DECIDE)
        proposal = await self.one(identity)
        if actor.principal == proposal.principal:
            raise Forbidden(f"{proposal.by} proposed this, and that is you. Somebody else has to confirm it.")
        demand_person(actor)
        act = proposed.unpacked(proposal)
        for permission in permissions_of(act):
            demand(actor, permission)
        await self._still_here(proposal)
        if digest != proposal.digest:
            raise Unusable("That is not the digest of what is proposed now. Look at it again.")
        change = changes_people.confirm(proposal, act, actor, self.hands.clock(), await self._disputed(proposal, act))
        revision = await self._unchanged_since(proposal, change)
        if if_revision is not None and if_revision != revision:
            raise RevisionConflict(if_revision, revision)
        event = await self.hands.enact(change, actor, revision, aware=acknowledge)
        if second_person.MALWARE in proposal.words:
            await self._shout(proposal, actor)
        return event

    async def reject(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """End a proposal without doing it. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.PROPOSAL_DECIDE)
        proposal = await self.one(identity)
        if actor.principal != proposal.principal:
            for permission in permissions_of(proposed.unpacked(proposal)):
                demand(actor, permission)
        return await self.hands.enact(changes_people.reject(proposal, said(reason)), actor)

    async def _still_here(self, proposal: Proposal) -> None:
        """Raise Unusable where the account that proposed has been disabled since: it may have been somebody else."""
        await self.hands.live.current()
        account = self.hands.live.credentials.accounts.get(proposal.principal)
        if proposal.principal.startswith("account:") and (account is None or account.disabled):
            raise Unusable(f"The account of {proposal.by} is disabled. Reject this, and propose it anew.")

    async def _disputed(self, proposal: Proposal, act: Change) -> set[str]:
        """Return the waivers that set a report of malware aside, where both people were shown that they do."""
        advisories = (await self.hands.live.current()).advisories
        if second_person.MALWARE not in proposal.words:
            return set()
        waivers = (entry for entry in act.puts if isinstance(entry, Waiver))
        return {waiver.id for waiver in waivers if advisories.is_malicious(waiver.project, waiver.advisory)}

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


def permissions_of(change: Change) -> frozenset[Permission]:
    """Return what doing an act alone would take. Raises Forbidden for one of which nobody wrote that down."""
    needed = [_PUTTING.get(type(entry)) for entry in change.puts]
    needed += [_ENDING.get(identity.partition(":")[0]) for identity in change.ends]
    found = frozenset(permission for permission in needed if permission is not None)
    if not found:
        raise Forbidden(f"Nobody may confirm {change.tag}.")
    given = [ROLES.get(entry.role, frozenset()) for entry in change.puts if isinstance(entry, Account)]
    return found.union(*given)
