"""Break-glass: an exception by one person for a few hours, and the look at it afterwards by another.

Decided here:

* It lasts three days at the most and freezes the files that match now, like any approval.
* What is dangerous stays shut; an emergency that would open nothing is not opened.
* Whoever reviews it is a person with an account, and another than who opened it.
* A look-alike is acknowledged by the name it resembles here too, and so is old advisory data: haste is what they are
  made for.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from admin.actions.granting import Granting, Outcome
from admin.actions.hands import Hands, seen
from admin.actions.wishes import Unknown, Unusable, Wish, read_requirement, said
from admin.roles import Permission, demand, demand_person
from proxy.alerts import Alerts
from proxy.model import Actor, Approval, AuditEvent
from proxy.policy import emergencies, telling
from proxy.policy.listing import Composition
from proxy.policy.snapshot import PolicySnapshot

HOURS_AT_MOST = 72


@dataclass(frozen=True, slots=True)
class Emergencies:
    """Opening, ending and reviewing emergencies."""

    hands: Hands
    granting: Granting
    alerts: Alerts

    async def open(self, actor: Actor, wish: Wish, hours: float, if_revision: int | None = None) -> Outcome:
        """Open the files that a requirement matches now, for some hours, and tell everybody.

        Raises Forbidden, Unusable, NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.EMERGENCY_OPEN)
        if not 0 < hours <= HOURS_AT_MOST:
            raise Unusable(f"An emergency lasts {HOURS_AT_MOST} hours at the most. Say for example --hours 24")
        limited = replace(wish, standing=False, until=self.hands.clock() + timedelta(hours=hours))
        draft = await self.granting.draft(actor, limited, *read_requirement(wish.requirement))
        # As an ordinary approval first: that is told of a look-alike, which an emergency would silence.
        found = await self.granting.meet([draft.approval])
        draft = await self.granting.pinned(draft)
        approval = replace(draft.approval, emergency=True, id=f"emergency:{secrets.token_hex(4)}")
        change = emergencies.opened(approval)
        (composition,) = await self.granting.shown(change, [draft])
        unread = found.unread.get(approval.project, 0)
        outcome = Outcome(approval, 0, composition, draft.left_out, unread=unread)
        if not outcome.opened:
            raise Unusable(f"This would open nothing. {_why(composition, approval)}")
        event = await self.hands.commit(change, actor, if_revision, aware=draft.aware)
        self.alerts.announce(change)
        return replace(outcome, event=event, revision=event.revision)

    async def end(self, actor: Actor, identity: str, reason: str, if_revision: int | None = None) -> AuditEvent:
        """End an emergency before its time. Raises Forbidden, Unusable, RevisionConflict, StoreError."""
        demand(actor, Permission.EMERGENCY_OPEN)
        (approval, snapshot), at = await self._known(identity), self.hands.clock()
        if approval.until is not None and approval.until <= at:
            raise Unusable(f"{identity} has ended already.")
        return await self.hands.commit(
            emergencies.ended([approval], said(reason), at), actor, seen(snapshot, if_revision)
        )

    async def review(self, actor: Actor, identity: str, finding: str, if_revision: int | None = None) -> AuditEvent:
        """Record what somebody else than its opener found. Raises Forbidden, Unusable, RevisionConflict, StoreError."""
        demand(actor, Permission.EMERGENCY_REVIEW)
        approval, snapshot = await self._known(identity)
        if approval.reviewed:
            raise Unusable(f"{identity} was reviewed already: {approval.reviewed}")
        if emergencies.is_same_person(approval, actor):
            raise Unusable(
                f"{approval.by} opened this emergency, so somebody else reviews it, with an account of their own."
            )
        demand_person(actor)
        change = emergencies.reviewed(approval, said(finding))
        event = await self.hands.commit(change, actor, seen(snapshot, if_revision))
        self.alerts.announce(change)
        return event

    async def _known(self, identity: str) -> tuple[Approval, PolicySnapshot]:
        """Return an emergency and the policy in which it was so: another change must not be undone by ours."""
        snapshot = await self.hands.live.current()
        for approval in emergencies.emergencies(snapshot):
            if approval.id == identity:
                return approval, snapshot
        raise Unknown(f"There is no emergency {identity[:40]!r}. wicketgate break-glass list names them.")


def _why(composition: Composition, approval: Approval) -> str:
    """Return what keeps the files of an emergency shut."""
    shut = [judged.verdict for judged in composition.files if judged.file in approval.files]
    return telling.headline(shut[0])
