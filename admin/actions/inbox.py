"""The wishes of developers: taken out of the inbox without being granted."""

from __future__ import annotations

from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, read_project, said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent
from proxy.policy import changes


@dataclass(frozen=True, slots=True)
class Inbox:
    """What developers wait for."""

    hands: Hands

    async def decline(self, actor: Actor, project: str, reason: str) -> AuditEvent:
        """Take the wishes for a project out of the inbox. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.POLICY_APPROVE)
        asks = self.hands.asks(read_project(project))
        if not asks:
            raise Unusable(f"Nobody waits for {project}.")
        return await self.hands.commit(changes.decline(asks, said(reason)), actor)
