"""What waits for the security team: emergencies, fixes, wishes of developers, and what was refused by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, read_project, said
from admin.roles import Permission, demand
from proxy.model import Actor, Approval, Ask, AuditEvent, Demand, LateFile
from proxy.policy import changes, emergencies, fixes, waiting
from proxy.policy.snapshot import PolicySnapshot

DEMAND = timedelta(days=7)
"""For how long something refused stays in the inbox."""


@dataclass(frozen=True, slots=True)
class Inboxed:
    """One page of the inbox: what waits, in order, and the cursor of what follows.

    Emergencies, and files that were added to approved versions later, stand on every page; ``counts`` are those of
    all pages, ``refused`` is everything that was refused in the last seven days, the most wanted first.
    """

    emergencies: tuple[Approval, ...]
    late: tuple[LateFile, ...]
    items: tuple[waiting.Waiting, ...]
    following: str | None
    snapshot: PolicySnapshot
    counts: Mapping[waiting.Section, int]
    refused: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """What developers wait for, and what nobody should have to ask for."""

    hands: Hands

    async def waiting(self, actor: Actor, after: str = "", limit: int = 100) -> Inboxed:
        """Return a page of what waits, from a cursor on. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.INBOX_READ)
        snapshot, store = await self.hands.live.current(), self.hands.store
        asks = await asyncio.to_thread(store.entries, "ask")
        refused = await asyncio.to_thread(store.demand, self.hands.clock() - DEMAND)
        wishes = [ask for ask in asks if isinstance(ask, Ask)]
        items = waiting.waiting(snapshot, await self._fixes(snapshot), wishes, refused)
        try:
            shown, following = waiting.page(items, after, limit)
        except ValueError as error:
            raise Unusable(f"{after[:80]!r}: {error}. Take the one that the page before ended with.") from error
        late = tuple(await asyncio.to_thread(self.hands.late))
        counts, alarms = Counter(item.section for item in items), tuple(emergencies.alarms(snapshot))
        return Inboxed(alarms, late, tuple(shown), following, snapshot, counts, tuple(refused))

    async def decline(self, actor: Actor, projects: Sequence[str], reason: str) -> AuditEvent:
        """Take the wishes for some projects out of the inbox. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.POLICY_APPROVE)
        wanted = [read_project(project) for project in projects]
        asks = self.hands.asks(*wanted)
        missing = [project for project in wanted if all(ask.project != project for ask in asks)]
        if missing or not asks:
            raise Unusable(f"Nobody waits for {', '.join(missing) or 'nothing: say which projects'}.")
        return await self.hands.commit(changes.decline(asks, said(reason)), actor)

    async def _fixes(self, snapshot: PolicySnapshot) -> list[fixes.Fix]:
        """Return the fixes that wait, as far as the pages at hand tell."""
        at = self.hands.clock()
        projects = await asyncio.to_thread(fixes.concerned, snapshot, at)
        pages = {project: await self.hands.gateway.last_seen(project) for project in projects}
        at_hand = {project: page for project, page in pages.items() if page is not None}
        return await asyncio.to_thread(fixes.waiting, snapshot, at_hand, at)
