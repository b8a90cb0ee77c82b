"""Who may come in: tokens, issued and withdrawn.

Decided here:

* Nobody gives away what they do not hold themselves; who issues a token answers for it, and saw its secret.
* Everybody may have tokens of their own, for a terminal: they act as their owner and end with the account.
* A token has a name of plain characters, and nobody else's: it is shown, and recorded, as whoever acts.
* A token ends, after a year at the latest. It may be narrowed: to some permissions, a channel, projects, networks.
* One that is bound to a part of the index is for reading and asking there: it opens nothing of the admin.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from admin import auth
from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable, said
from admin.auth import Issued
from admin.roles import ROLES, Permission, demand, demand_all_of
from proxy.model import Actor, AuditEvent, Token
from proxy.policy import changes

LONGEST = timedelta(days=365)
NAME = r"^[\w .@/-]+$"
NAME_AT_MOST = 80


@dataclass(frozen=True, slots=True)
class Narrowed:
    """To what a token is narrowed; empty (None for the channel) means not at all."""

    scope: tuple[str, ...] = ()
    channel: str | None = None
    projects: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """The tokens."""

    hands: Hands

    async def issue_token(self, actor: Actor, name: str, role: str, valid: timedelta, narrowed: Narrowed) -> Issued:
        """Issue a token. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        return await self._issued(actor, name, role, valid, narrowed)

    async def issue_own(self, actor: Actor, name: str, role: str, valid: timedelta, narrowed: Narrowed) -> Issued:
        """Issue somebody a token of their own, for a terminal: at most what they hold. Raises as the other does."""
        if actor.kind != "person":
            raise Unusable("A token has no tokens of its own. Sign in with an account.")
        return await self._issued(actor, name, role, valid, narrowed)

    async def withdraw_own(self, actor: Actor, identity: str) -> AuditEvent:
        """End a token that one answers for. Raises Unknown, StoreError."""
        token = self.hands.live.credentials.token_of(identity, self.hands.clock())
        if token is None or token.owner != actor.principal:
            raise Unknown("You have no such token.")
        return await self.hands.commit(changes.withdraw(token, f"{actor.name} withdrew it"), actor)

    async def _issued(self, actor: Actor, name: str, role: str, valid: timedelta, narrowed: Narrowed) -> Issued:
        demand_all_of(actor, role)
        await self._named(actor, name)
        if not timedelta(days=1) <= valid <= LONGEST or role not in ROLES:
            raise Unusable("Give the token a role, and from 1 to 365 days.")
        unknown = set(narrowed.scope) - ROLES.get(role, frozenset())
        if unknown:
            raise Unusable(f"The role {role} does not include {min(unknown)}, so a token of it cannot be for that.")
        if narrowed.channel:
            await self.hands.policy(narrowed.channel)
        bare = auth.issue(name, role, self.hands.clock(), valid)
        token = replace(
            bare.token, owner=actor.principal, scope=narrowed.scope, channel=narrowed.channel,
            projects=narrowed.projects, networks=narrowed.networks,
        )  # fmt: skip
        if token.bound and not ROLES[role] <= ROLES["requester"]:
            raise Unusable(
                "A channel or projects bind a token to the index. Take the role reader or requester for that."
            )
        await self.hands.commit(changes.issue(token), actor)
        return Issued(bare.secret, token)

    async def _named(self, actor: Actor, name: str) -> None:
        """Raise Unusable for a name that no token may have, or that reads as another person."""
        if not name.strip() or len(name) > NAME_AT_MOST or not re.fullmatch(NAME, name):
            raise Unusable(
                f"Give the token a name of at most {NAME_AT_MOST} characters: letters, digits, blanks, and . _ @ / -"
            )
        await self.hands.live.current()
        account = self.hands.live.credentials.named(name.strip())
        if account is not None and account.id != actor.principal:
            raise Unusable(f"{account.name} is somebody's account. Call the token by what it is for.")

    async def uses(self) -> Mapping[str, datetime]:
        """Return when each token was last used, to the minute, by its id. Raises StoreError."""
        return await asyncio.to_thread(self.hands.store.access.uses)

    async def withdraw_token(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """End a token at once, on every worker. Raises Forbidden, Unknown, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        for token in await asyncio.to_thread(self.hands.store.entries, "token"):
            if isinstance(token, Token) and token.id == identity:
                if token.role == "owner":  # that of the host is the way back, where two people are not left
                    demand_all_of(actor, token.role)
                return await self.hands.commit(changes.withdraw(token, said(reason)), actor)
        raise Unknown(f"There is no token {identity[:40]!r}.")
