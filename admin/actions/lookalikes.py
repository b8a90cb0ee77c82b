"""Look-alikes that the team acknowledged: they stay so until somebody takes it back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, read_project, said
from admin.roles import Permission, demand
from proxy.feeds import names
from proxy.model import Acknowledgement, Actor, AuditEvent, NamesList
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

    async def choose(
        self, actor: Actor, chosen: NamesList, data_dir: Path, if_revision: int | None = None
    ) -> AuditEvent:
        """Put a list in force whose file is kept.

        Raises Forbidden, Proposed, FeedRefused, RevisionConflict, StoreError.
        """
        demand(actor, Permission.FEED_WRITE)
        await self.hands.live.current()
        before, _ = await asyncio.to_thread(names.names_in_force, data_dir, self.hands.live.names_list)
        after, _ = await asyncio.to_thread(names.names_in_force, data_dir, chosen)
        return await self.hands.commit(changes.take_names(chosen, before, after), actor, if_revision)

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
