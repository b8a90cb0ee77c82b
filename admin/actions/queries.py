"""Searches of the record that were named: one's own, and those that somebody shares.

Decided here:

* A name is one's own: saving under it again replaces what it meant. A shared query is everybody's to use and its
  owner's alone to change.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, SavedQuery
from proxy.policy import changes_audit
from proxy.store.trail import Chain

MOST = 200
"""Queries that one person may keep."""


@dataclass(frozen=True, slots=True)
class Queries:
    """The saved queries."""

    hands: Hands

    async def of(self, actor: Actor) -> list[SavedQuery]:
        """Return the queries that somebody may use, by name. Raises Forbidden, StoreError."""
        demand(actor, Permission.AUDIT_READ)
        entries = await asyncio.to_thread(self.hands.store.entries, "query")
        found = [entry for entry in entries if isinstance(entry, SavedQuery)]
        return sorted((q for q in found if q.shared or q.owner == actor.id), key=lambda query: query.name)

    async def save(
        self, actor: Actor, name: str, about: Chain, wanted: Mapping[str, str], *, shared: bool
    ) -> SavedQuery:
        """Keep a search under a name. Raises Forbidden, Unusable, StoreError."""
        mine = [query for query in await self.of(actor) if query.owner == actor.id]
        if len(mine) >= MOST and all(query.name != name for query in mine):
            raise Unusable(f"You keep {MOST} queries already. Drop one first.")
        digest = hashlib.sha256(f"{actor.id}\n{name}".encode()).hexdigest()[:16]
        at = self.hands.clock()
        query = SavedQuery(f"query:{digest}", name, about, dict(wanted), actor.id, actor.name, at, shared)
        await self.hands.commit(changes_audit.save_query(query), actor)
        return query

    async def drop(self, actor: Actor, identity: str) -> AuditEvent:
        """Forget a query of one's own. Raises Forbidden, Unknown, StoreError."""
        for query in await self.of(actor):
            if query.id == identity and query.owner == actor.id:
                return await self.hands.commit(changes_audit.drop_query(query), actor)
        raise Unknown(f"You keep no query {identity[:40]!r}.")
