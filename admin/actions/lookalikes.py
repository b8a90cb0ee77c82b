"""Look-alikes that the team acknowledged: they stay so until somebody takes it back."""

from __future__ import annotations

from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, read_project, said
from admin.roles import Permission, demand
from proxy.model import Acknowledgement, Actor, AuditEvent
from proxy.policy import changes


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Acknowledgements, which are made with approvals (:mod:`~admin.actions.granting`) and withdrawn here."""

    hands: Hands

    async def acknowledged(self, actor: Actor) -> list[Acknowledgement]:
        """Return what is acknowledged, by name. Raises Forbidden."""
        demand(actor, Permission.POLICY_READ)
        snapshot = await self.hands.live.current()
        return sorted(snapshot.acknowledged.values(), key=lambda entry: (entry.project, entry.target))

    async def withdraw(self, actor: Actor, project: str, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Let a name be a look-alike again, whatever it resembles.

        Raises Forbidden, Unknown, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        name = read_project(project)
        snapshot = await self.hands.live.current()
        found = [entry for entry in snapshot.acknowledged.values() if entry.project == name]
        if not found:
            raise Unknown(f"{name} was never acknowledged. wicketgate names acknowledged lists what was.")
        return await self.hands.commit(changes.withdraw_acknowledgements(found, said(reason)), actor, if_revision)
