"""What is never served whatever is approved, and which advisory is set aside.

Decided here:

* A waiver is for one advisory and a range of one project, and it ends by itself.
* A report of malware is set aside by two people, never by one (:mod:`proxy.policy.second_person`).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from admin.actions.hands import Hands, seen
from admin.actions.wishes import WAIVER_DAYS_AT_MOST, Unusable, read_requirement, said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, Justification, Prohibition, Waiver
from proxy.policy import changes


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Prohibitions, and waivers of advisories."""

    hands: Hands

    async def prohibit(
        self, actor: Actor, requirement: str, reason: str, channel: str = "", if_revision: int | None = None
    ) -> AuditEvent:
        """Never serve a project or a range of it in a channel and those below it, whatever is approved.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_PROHIBIT)
        project, specifier = read_requirement(requirement)
        await self.hands.policy(channel)
        identity = f"prohibition:{secrets.token_hex(8)}"
        entry = Prohibition(identity, project, specifier, actor.name, said(reason), self.hands.clock(), channel)
        return await self.hands.commit(changes.prohibit(entry), actor, if_revision)

    async def lift(
        self, actor: Actor, requirement: str, reason: str, channel: str = "", if_revision: int | None = None
    ) -> AuditEvent:
        """End the prohibitions of exactly this requirement.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_PROHIBIT)
        project, specifier = read_requirement(requirement)
        snapshot = await self.hands.policy(channel)
        here = snapshot.prohibitions.get(project, ())
        found = [entry for entry in here if (entry.specifier, entry.channel) == (specifier, channel)]
        if not found:
            raise Unusable(f"{project}{specifier} is not prohibited in these words.")
        return await self.hands.commit(changes.lift(found, said(reason)), actor, seen(snapshot, if_revision))

    async def waive(
        self,
        actor: Actor,
        requirement: str,
        advisory: str,
        reason: str,
        days: int,
        channel: str = "",
        owner: str = "",
        justification: Justification = "",
        acknowledge: Collection[str] = (),
        if_revision: int | None = None,
    ) -> AuditEvent:
        """Set one advisory aside for a range of a project, for at most 180 days; malware takes a second person.

        ``owner`` answers for it ("": the actor).
        Raises Forbidden, NeedsAcknowledgement, Proposed, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_WAIVE)
        project, specifier = read_requirement(requirement)
        if not 1 <= days <= WAIVER_DAYS_AT_MOST:
            raise Unusable(f"A waiver lasts from 1 to {WAIVER_DAYS_AT_MOST} days.")
        at = self.hands.clock()
        await self.hands.policy(channel)
        await self.hands.may_be_waived(project, advisory)
        identity = f"waiver:{secrets.token_hex(8)}"
        until = at + timedelta(days=days)
        entry = Waiver(
            identity,
            project,
            specifier,
            advisory,
            actor.name,
            said(reason),
            at,
            until,
            channel,
            owner=said(owner or actor.name),
            justification=justification,
        )
        return await self.hands.commit(changes.waive(entry), actor, if_revision, aware=acknowledge)

    async def end_waiver(
        self,
        actor: Actor,
        requirement: str,
        advisory: str,
        reason: str,
        channel: str = "",
        if_revision: int | None = None,
    ) -> AuditEvent:
        """End the waivers of an advisory for a project before their time.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_WAIVE)
        project, _ = read_requirement(requirement)
        snapshot = await self.hands.policy(channel)
        here = snapshot.waivers.get(project, ())
        found = [waiver for waiver in here if (waiver.advisory, waiver.channel) == (advisory, channel)]
        if not found:
            raise Unusable(f"{advisory[:40]} is not waived for {project}.")
        return await self.hands.commit(changes.end_waivers(found, said(reason)), actor, seen(snapshot, if_revision))
