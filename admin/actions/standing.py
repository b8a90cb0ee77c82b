"""What holds for every project: the terms, and where package files may come from."""

from __future__ import annotations

from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, Origin, Terms
from proxy.policy import changes
from proxy.upstream.origins import origin_of


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing rules."""

    hands: Hands

    async def set_terms(self, actor: Actor, terms: Terms, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Change the standing rules. Raises Forbidden, Unusable, RevisionConflict, StoreError."""
        demand(actor, Permission.TERMS_WRITE)
        return await self.hands.commit(changes.set_terms(terms, said(reason)), actor, if_revision)

    async def allow_origin(self, actor: Actor, url: str, reason: str) -> AuditEvent:
        """Let package files come from one more server. Raises Forbidden, Unusable, OriginRefused, StoreError."""
        demand(actor, Permission.ORIGINS_WRITE)
        at, origin = self.hands.clock(), origin_of(url)
        entry = Origin(f"origin:{origin}", origin, actor.name, at)
        return await self.hands.commit(changes.allow_origin(entry, said(reason)), actor)
