"""People's accounts, as those who run the gate see them: invited, given a role, reset, disabled and enabled.

Decided here:

* An account is made by inviting somebody. The secret of an invitation is shown once, is good once, for 30 minutes;
  inviting again makes another and ends the one before.
* Who lost a factor gets a new invitation and sets everything anew: a factor alone proves nothing of its loser.
* Nobody gives away what they do not hold, and nobody disables themselves.
* With an account end its tokens, except those that only read: machines hold them (they are listed with their owner).
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from admin.actions.hands import Hands
from admin.actions.wishes import Proposed, Unknown, Unusable, said
from admin.auth import digest
from admin.roles import ROLES, Permission, demand, demand_all_of
from proxy.model import ROLES as FOR_PEOPLE
from proxy.model import Account, Actor, AuditEvent, Invitation, Token
from proxy.policy import changes_people as changes

INVITED_FOR = timedelta(minutes=30)
ACCOUNTS_AT_MOST = 10_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invited:
    """An account that waits for somebody, and the secret with which they come, to be shown once."""

    secret: str
    account: Account
    invitation: Invitation


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of others."""

    hands: Hands

    async def all(self) -> list[Account]:
        """Return every account, by name."""
        await self.hands.live.current()
        return sorted(self.hands.live.credentials.accounts.values(), key=lambda account: account.name)

    async def invite(self, actor: Actor, name: str, role: str, reason: str) -> Invited:
        """Invite somebody new, or again who did not come in time.

        Raises Forbidden, Proposed, Unusable, StoreError.
        """
        demand(actor, Permission.ACCESS_WRITE)
        demand_all_of(actor, role)
        if role not in FOR_PEOPLE:
            raise Unusable(f"{role[:40]!r} is no role of people. Take one of {', '.join(FOR_PEOPLE)}.")
        if not _NAME.fullmatch(name.lower()):
            raise Unusable(f"{name[:64]!r} cannot be an account's name. Take letters, digits, and . _ @ + -")
        await self.hands.live.current()
        known, at = self.hands.live.credentials.named(name), self.hands.clock()
        if known:
            demand_all_of(actor, known.role)
        if known and known.usable:
            raise Unusable(
                f"{known.name} has an account. To let them set a new password: wicketgate account reset-factor"
            )
        if not known and len(self.hands.live.credentials.accounts) >= ACCOUNTS_AT_MOST:
            raise Unusable(f"There are {ACCOUNTS_AT_MOST} accounts, which is as many as there may be.")
        fresh = Account(f"account:{secrets.token_hex(8)}", name.lower(), role, actor.name, at, at)
        return await self._invited(actor, self._anew(known, role, actor) if known else fresh, said(reason))

    async def reset(self, actor: Actor, identity: str, reason: str) -> Invited:
        """Take password and factors away from an account and invite its owner again.

        Raises Forbidden, Proposed, Unusable, StoreError.
        """
        account = await self._under(actor, identity)
        if account.issuer:
            raise Unusable(f"{account.name} signs in at {account.issuer}: reset the factors there.")
        return await self._invited(actor, self._anew(account, account.role, actor), said(reason))

    async def set_role(self, actor: Actor, identity: str, role: str, reason: str) -> AuditEvent:
        """Give an account another role; its sessions end, and those of its tokens that hold more than it now does.

        Raises Forbidden, Proposed, Unusable, StoreError.
        """
        account = await self._under(actor, identity)
        demand_all_of(actor, role)
        if account.issuer:
            raise Unusable(f"{account.name} gets a role from the groups at {account.issuer}: change them there.")
        if role not in FOR_PEOPLE:
            raise Unusable(f"{role[:40]!r} is no role of people. Take one of {', '.join(FOR_PEOPLE)}.")
        if account.id == actor.principal:
            raise Unusable("Nobody sets their own role. Ask somebody else who may.")
        changed = self._next(account, role=role)
        over = [token for token in self._owned(account) if not ROLES.get(token.role, frozenset()) <= ROLES[role]]
        return await self.hands.commit(changes.alter(changed, "role-set", said(reason), over), actor)

    async def disable(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """Let nobody in by an account any more, at once. Raises Forbidden, Proposed, Unusable, StoreError."""
        account = await self._under(actor, identity)
        if account.id == actor.principal:
            raise Unusable("Nobody disables themselves. Ask somebody else who may.")
        if account.disabled:
            raise Unusable(f"{account.name} is disabled already.")
        changed = self._next(account, disabled=True)
        acting = [token for token in self._owned(account) if ROLES.get(token.role) != ROLES["reader"]]
        return await self.hands.commit(changes.alter(changed, "disabled", said(reason), acting), actor)

    async def enable(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """Let somebody in again who was disabled, by what they had.

        Raises Forbidden, Proposed, Unusable, StoreError.
        """
        account = await self._under(actor, identity)
        if not account.disabled:
            raise Unusable(f"{account.name} is not disabled.")
        changed = self._next(account, disabled=False)
        return await self.hands.commit(changes.alter(changed, "enabled", said(reason)), actor)

    async def _invited(self, actor: Actor, account: Account, reason: str) -> Invited:
        at, secret = self.hands.clock(), secrets.token_urlsafe(32)
        invitation = Invitation(
            f"invitation:{secrets.token_hex(8)}", account.id, digest(secret), actor.name, at, at + INVITED_FOR
        )
        kept = await asyncio.to_thread(self.hands.store.entries, "invitation")
        old = [entry.id for entry in kept if isinstance(entry, Invitation) and _is_over(entry, account, invitation)]
        gone = [token for token in self._owned(account) if ROLES.get(token.role) != ROLES["reader"]]
        change = changes.invite(account, invitation, reason, [*old, *(token.id for token in gone)])
        try:
            await self.hands.commit(change, actor)
        except Proposed as waiting:
            raise Proposed(waiting.proposal, secret) from waiting
        return Invited(secret, account, invitation)

    async def _under(self, actor: Actor, identity: str) -> Account:
        """Return an account whose whole role the actor holds. Raises Forbidden, Unknown."""
        demand(actor, Permission.ACCESS_WRITE)
        account = await self._account(identity)
        demand_all_of(actor, account.role)
        return account

    async def _account(self, identity: str) -> Account:
        """Return an account by its id or its name. Raises Unknown."""
        await self.hands.live.current()
        known = self.hands.live.credentials
        account = known.accounts.get(identity) or known.named(identity)
        if account is None:
            raise Unknown(f"There is no account {identity[:64]!r}. wicketgate account list")
        return account

    def _owned(self, account: Account) -> list[Token]:
        return self.hands.live.credentials.owned(account.id)

    def _next(self, account: Account, **changed: Any) -> Account:
        """Return an account with a change that ends its sessions."""
        return replace(account, version=account.version + 1, changed=self.hands.clock(), **changed)

    def _anew(self, account: Account, role: str, actor: Actor) -> Account:
        """Return an account without anything to sign in with, for somebody who is invited to it."""
        bare: dict[str, Any] = {"password": "", "totp": "", "passkeys": (), "recovery": ()}
        return self._next(account, role=role, by=actor.name, **bare)


def _is_over(entry: Invitation, account: Account, fresh: Invitation) -> bool:
    """Whether an invitation ends with a fresh one to an account: it was to the same, or ran out."""
    return entry.account == account.id or entry.until <= fresh.at
