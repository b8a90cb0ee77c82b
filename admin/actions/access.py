"""Who may come in: tokens, issued and withdrawn.

Decided here:

* Nobody gives away what they do not hold themselves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from admin import auth
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, said
from admin.auth import Issued
from admin.roles import ROLES, Permission, demand
from proxy.model import Actor, AuditEvent, Token
from proxy.policy import changes


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens."""

    hands: Hands

    async def issue_token(self, actor: Actor, name: str, role: str, valid: timedelta) -> Issued:
        """Issue a token. Nobody gives away what they do not hold themselves. Raises Forbidden, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        for permission in ROLES.get(role, frozenset()):
            demand(actor, permission)
        issued = auth.issue(name, role, self.hands.clock(), valid)
        await self.hands.commit(changes.issue(issued.token), actor)
        return issued

    async def withdraw_token(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """End a token at once, on every worker. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        for token in await asyncio.to_thread(self.hands.store.entries, "token"):
            if isinstance(token, Token) and token.id == identity:
                return await self.hands.commit(changes.withdraw(token, said(reason)), actor)
        raise Unusable(f"There is no token {identity[:40]!r}.")
