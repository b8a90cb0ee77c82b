"""The gentle way in: what observe mode let through, proposed for approval."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.replaying import grouped
from admin.roles import Permission, demand
from proxy.model import Actor, Wanted
from proxy.policy.adopting import Proposal, Proposals, checked, enforced, propose
from proxy.policy.document.entries import Document
from proxy.policy.document.tables import ordered


@dataclass(frozen=True, slots=True)
class Adoption:
    """Proposals, worked out at a revision, and what can be adopted of them as a fragment of a document."""

    revision: int
    proposals: Proposals
    document: Document


@dataclass(frozen=True, slots=True)
class Adopting:
    """Proposes. What is adopted is applied as any other document."""

    hands: Hands

    async def propose(self, actor: Actor, since: timedelta, channel: str) -> Adoption:
        """Return what would approve what a channel let through since then, from what is kept here.

        Raises Forbidden, Unusable, StoreError.
        """
        demand(actor, Permission.AUDIT_READ)
        await self.hands.live.names_known()
        policy, at = enforced(await self.hands.policy(channel)), self.hands.clock()
        lines = await asyncio.to_thread(self.hands.store.wanted, at - since, "observed")
        here = [line for line in lines if line.channel == channel and line.filename]
        found: list[Proposal] = []
        unknown: list[Wanted] = []
        statuses: dict[NormalizedName, str] = {}
        for (project, _), group in grouped(here).items():
            page = await self.hands.gateway.last_seen(project)
            statuses[project] = page.status if page else "active"
            some, missing = await asyncio.to_thread(propose, project, group, page, policy, at)
            found, unknown = found + some, unknown + missing
        proposals = await asyncio.to_thread(checked, found, unknown, policy, statuses.__getitem__, at)
        entries = ordered(proposal.entry for proposal in proposals.adoptable)
        return Adoption(policy.revision, proposals, Document(approvals=tuple(entries), fragment=True))
