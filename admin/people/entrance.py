"""The steps of signing in, and of proving oneself again: each takes what somebody brought and gives a session.

Decided here:

* Whatever is wrong (no such account, disabled, no password, another password), the answer and its time are the same.
* Who has a second factor is asked for it. Who has none and needs one (a role that decides; a password of fewer than
  fifteen characters) may do nothing but enrol one.
* A token opens the pages only until somebody who runs the gate has an account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from admin.auth import Authenticator
from admin.people.codes import is_recovery
from admin.people.parts import People
from admin.people.passwords import LENGTH_ALONE, normal
from admin.people.proof import NotProved
from admin.people.sessions import Guest, Signed, Stage
from admin.roles import ROLES, Permission
from proxy.live import Live
from proxy.model import APPROVING, Account
from proxy.policy import changes_people as changes
from proxy.store import Store

WRONG = "Name or password is wrong."
WRONG_CODE = "That code is wrong or was used already. Wait for the next one."
WRONG_TOKEN = "That token is not valid."  # noqa: S105  a sentence


@dataclass(frozen=True, slots=True)
class Entrance:
    """The door of the admin's pages."""

    people: People
    store: Store
    live: Live
    authenticator: Authenticator
    clock: Callable[[], datetime]

    @property
    def takes_tokens(self) -> bool:
        """Whether a token still opens the pages: nobody with an account runs the gate yet."""
        accounts = self.live.credentials.accounts.values()
        return not any(a.usable and Permission.ACCESS_WRITE in ROLES.get(a.role, frozenset()) for a in accounts)

    async def by_token(self, secret: str, guest: Guest) -> str:
        """Return a session's secret for a token. Raises NotProved, TooOften, StoreError."""
        people = self.people
        await people.tries.attempt("token", None, guest.address)
        actor = await self.authenticator.actor(secret, guest.address) if self.takes_tokens else None
        token = self.live.credentials.token_of(actor.id, self.clock()) if actor else None
        if token is None:
            await people.tries.failed(None, guest.address, "a token that is not valid")
            raise NotProved(WRONG_TOKEN)
        people.tries.succeeded("token", guest.address)
        opened, _ = await people.sessions.open(token, "full", "token", guest)
        return opened

    async def by_password(self, name: str, password: str, guest: Guest, device: str) -> tuple[str, Signed]:
        """Return a session for a name and a password; its stage says what comes next.

        Raises NotProved, TooOften, Busy, StoreError.
        """
        people, at = self.people, self.clock()
        await self.live.current()
        account = self.live.credentials.named(name.strip())
        known = people.devices.known(device, account, at)
        await people.tries.attempt(name.strip().casefold()[:80], account, guest.address, known)
        kept = account.password if account and not account.disabled else ""
        if not await people.passwords.verify(kept, password) or account is None:
            await people.tries.failed(account, guest.address, "name or password wrong")
            raise NotProved(WRONG)
        people.tries.succeeded(name.strip().casefold()[:80], guest.address, known)
        return await people.sessions.open(account, self._stage(account, password), "password", guest)

    def _stage(self, account: Account, password: str) -> Stage:
        if account.has_factor:
            return "password"
        needs = (account.role in APPROVING and self.people.mfa_required) or len(normal(password)) < LENGTH_ALONE
        return "enrol" if needs else "full"

    async def by_code(self, signed: Signed, code: str, guest: Guest, device: str) -> str:
        """Return a new secret for a session whose account's second factor was brought: a code, or a recovery code.

        Raises NotProved, TooOften, StoreError.
        """
        people, at, account = self.people, self.clock(), signed.account
        if account is None:
            raise NotProved("A token has no second factor. Bring the token itself.")
        known = people.devices.known(device, account, at)
        await people.code_tries.attempt(account.id, account, guest.address, known)
        method = await self._by_code(signed, account, code, at)
        if not method:
            await people.code_tries.failed(account, guest.address, "second factor wrong")
            raise NotProved(WRONG_CODE)
        people.code_tries.succeeded(account.id, guest.address, known)
        return await people.sessions.renew(signed, method)

    async def _by_code(self, signed: Signed, account: Account, code: str, at: datetime) -> str:
        """Return how a code proves an account, "" where it does not. A recovery code leaves the account."""
        fits = await asyncio.to_thread(self.people.codes.fits, account.totp, account.id, code, at)
        if fits:
            return "totp"
        digest = is_recovery(account, code)
        if not digest:
            return ""
        left = tuple(kept for kept in account.recovery if kept != digest)
        reason = f"{account.name} used a recovery code, {len(left)} are left"
        change = changes.alter(replace(account, recovery=left), "recovery-used", reason)
        revision = (await self.live.current()).revision
        await asyncio.to_thread(self.store.commit, change, signed.actor, at, if_revision=revision)
        await self.live.current()
        return "recovery"

    async def by_passkey(self, signed: Signed | None, answer: str, sealed: str, guest: Guest) -> str:
        """Return a session's secret for a passkey: a second factor where a session waits for one, else alone.

        Raises NotInstalled, NotProved, TooOften, StoreError.
        """
        people, passkeys = self.people, self.people.passkeys
        account = signed.account if signed else self.live.credentials.with_passkey(passkeys.credential(answer))
        await people.tries.attempt("passkey", account, guest.address)
        try:
            await asyncio.to_thread(passkeys.proved, account, answer, sealed, self.clock(), alone=signed is None)
        except NotProved:
            await people.tries.failed(account, guest.address, "passkey not accepted")
            raise
        if account is None or account.disabled:
            raise NotProved(WRONG)
        people.tries.succeeded("passkey", guest.address)
        if signed is not None:
            return await people.sessions.renew(signed, "passkey")
        opened, _ = await people.sessions.open(account, "full", "passkey", guest)
        return opened

    async def again_by_secret(self, signed: Signed, secret: str, guest: Guest, device: str) -> str:
        """Return a new secret for a session without a second factor: its token or its password was brought again.

        Raises NotProved, TooOften, Busy, StoreError.
        """
        people, account = self.people, signed.account
        known = people.devices.known(device, account, self.clock())
        await people.tries.attempt(signed.actor.id, account, guest.address, known)
        if account is not None:
            good = not account.has_factor and await people.passwords.verify(account.password, secret)
        else:
            actor = await self.authenticator.actor(secret, guest.address)
            good = actor is not None and actor.id == signed.actor.id
        if not good:
            await people.tries.failed(account, guest.address, "proof not renewed")
            raise NotProved("That is wrong.")
        people.tries.succeeded(signed.actor.id, guest.address, known)
        return await people.sessions.renew(signed, "password" if account else "token")
