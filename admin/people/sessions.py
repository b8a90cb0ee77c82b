"""Browsers that are signed in: opened, found again, renewed and ended.

Decided here:

* A session is a random id of 256 bits; its digest is a row in the store. It ends after 30 idle minutes, after twelve
  hours whatever happens, when its account changes (password, role, factor) or is disabled, when its token ends,
  and when somebody ends it.
* Signing in, and proving oneself again, each make a new id: one that was planted before is worth nothing after.
* A session of a token is used from where its token may be used, and from nowhere else.
* Use is noted once a minute, not at every click.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from admin.auth import digest
from proxy.live import Live
from proxy.model import Account, Actor, AuditEvent, Session, Token
from proxy.policy import changes_people as changes
from proxy.policy.credentials import actor_of, may_come_from
from proxy.store import Store

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
UNFINISHED = timedelta(minutes=5)
"""For how long a second factor is waited for."""
FRESH = timedelta(minutes=10)
"""How old a proof may be for a dangerous act."""
NOTED = timedelta(minutes=1)

Stage = Literal["password", "enrol", "full"]


@dataclass(frozen=True, slots=True)
class Guest:
    """Where a browser comes from and what it says it is."""

    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A session that counts now, and who acts in it; ``account`` is None for a session of a token."""

    session: Session
    actor: Actor
    account: Account | None

    def fresh(self, at: datetime) -> bool:
        """Whether the last proof is young enough for a dangerous act."""
        return at - self.session.proved <= FRESH


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one gate."""

    store: Store
    live: Live
    clock: Callable[[], datetime]

    async def open(
        self, holder: Account | Token, stage: Stage, method: str, guest: Guest, proved: datetime | None = None
    ) -> tuple[str, Signed]:
        """Open a session and return its secret with it. Only a full one is told to the audit. Raises StoreError.

        ``proved`` is when the proof was given, where that was not now.
        """
        at = self.clock()
        secret = secrets.token_urlsafe(32)
        lasts = UNFINISHED if stage == "password" else ABSOLUTE
        version = holder.version if isinstance(holder, Account) else 0
        session = Session(
            id=f"session:{secrets.token_hex(8)}", sha256=digest(secret), holder=holder.id, version=version, stage=stage,
            method=method, opened=at, seen=at, until=at + lasts, proved=proved or at, address=guest.address,
            agent=guest.agent,
        )  # fmt: skip
        await asyncio.to_thread(self._put, session)
        signed = _signed(session, holder, guest.address)
        if stage == "full":
            await self._tell("opened", signed)
        return secret, signed

    async def renew(self, signed: Signed, method: str, account: Account | None = None, *, proved: bool = True) -> str:
        """Give a session a new secret, under the account as it is now. Raises StoreError.

        ``proved``: because a proof was brought, which makes it whole; else because the account changed.
        """
        at = self.clock()
        secret, old = secrets.token_urlsafe(32), signed.session
        holder = account or signed.account
        session = replace(
            old, id=f"session:{secrets.token_hex(8)}", sha256=digest(secret), method=method, seen=at,
            proved=at if proved else old.proved,
            stage="full", until=old.until if old.stage == "full" else at + ABSOLUTE,
            version=holder.version if holder else 0,
        )  # fmt: skip
        await asyncio.to_thread(self.store.access.end_session, old.id)
        await asyncio.to_thread(self._put, session)
        await self._tell("proved" if old.stage == "full" else "opened", replace(signed, session=session))
        return secret

    async def find(self, secret: str, address: str) -> Signed | None:
        """Return the session that a cookie stands for, None where it ended or is not for here. Raises StoreError."""
        session = await asyncio.to_thread(self.store.access.session, digest(secret)) if secret else None
        if session is None:
            return None
        await self.live.current()
        at, holder = self.clock(), self._holder(session)
        if holder is None or at >= session.until or at - session.seen >= IDLE:
            await asyncio.to_thread(self.store.access.end_session, session.id)
            return None
        if isinstance(holder, Token) and not may_come_from(holder, address):
            return None  # and it goes on where it may be used
        if at - session.seen >= NOTED:
            await asyncio.to_thread(self.store.access.see_session, session.id, at)
        return _signed(session, holder, address)

    async def all(self) -> list[Signed]:
        """Return the full sessions that count now, the last seen first. Raises StoreError."""
        await self.live.current()
        at = self.clock()
        found = [(session, self._holder(session)) for session in await asyncio.to_thread(self.store.access.sessions)]
        return [
            _signed(session, holder, session.address)
            for session, holder in found
            if holder and session.stage == "full" and at < session.until and at - session.seen < IDLE
        ]

    async def leave(self, secret: str) -> None:
        """Forget the session of a secret that a browser gives up for another. Raises StoreError."""
        session = await asyncio.to_thread(self.store.access.session, digest(secret)) if secret else None
        if session is not None:
            await asyncio.to_thread(self.store.access.end_session, session.id)

    async def replaced(self, identity: str) -> None:
        """Forget a session for which another was opened. Raises StoreError."""
        await asyncio.to_thread(self.store.access.end_session, identity)

    async def end(self, signed: Signed, by: Actor) -> AuditEvent:
        """End a session everywhere. Raises StoreError."""
        await asyncio.to_thread(self.store.access.end_session, signed.session.id)
        change = changes.session("closed", signed.actor.name, signed.session)
        return await asyncio.to_thread(self.store.commit, change, by, self.clock())

    def _holder(self, session: Session) -> Account | Token | None:
        """Return whom a session belongs to, None where it ended with its holder."""
        known = self.live.credentials
        account = known.accounts.get(session.holder)
        if account is None:
            return known.token_of(session.holder, self.clock())
        return account if account.version == session.version and not account.disabled else None

    def _put(self, session: Session) -> None:
        self.store.access.sweep(self.clock())
        self.store.access.open_session(session)

    async def _tell(self, verb: str, signed: Signed) -> None:
        change = changes.session(verb, signed.actor.name, signed.session)
        await asyncio.to_thread(self.store.commit, change, signed.actor, self.clock())


def _signed(session: Session, holder: Account | Token, address: str) -> Signed:
    if isinstance(holder, Token):
        return Signed(session, actor_of(holder, address), None)
    return Signed(session, Actor("person", holder.id, holder.name, holder.role, address), holder)
