"""What holds for every project: the terms, and where package files may come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from admin.actions.hands import Hands, Settled, seen
from admin.actions.wishes import said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, Origin
from proxy.policy import changes
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.terms import amended
from proxy.upstream.origins import origin_of


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing rules."""

    hands: Hands

    async def policy(self, channel: str) -> PolicySnapshot:
        """Return what is in force in a channel. Raises Unusable where there is none."""
        return await self.hands.policy(channel)

    async def set_terms(
        self,
        actor: Actor,
        given: Mapping[str, Any],
        reason: str,
        if_revision: int | None = None,
        *,
        dry_run: bool = False,
    ) -> Settled:
        """Change standing rules of the default channel, given by the names of :class:`~proxy.model.Terms`.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.TERMS_WRITE)
        snapshot = await self.hands.live.current()
        change = changes.set_terms(snapshot.terms, amended(snapshot.terms, given), said(reason))
        return await self.hands.settle(change, actor, seen(snapshot, if_revision), dry_run=dry_run)

    async def allow_origin(self, actor: Actor, url: str, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Let package files come from one more server.

        Raises Forbidden, Unusable, OriginRefused, RevisionConflict, StoreError.
        """
        demand(actor, Permission.ORIGINS_WRITE)
        at, origin = self.hands.clock(), origin_of(url)
        entry = Origin(f"origin:{origin}", origin, actor.name, at)
        return await self.hands.commit(changes.allow_origins([entry], said(reason)), actor, if_revision)
