"""What people do with their own account: take up an invitation, set a password, enrol and drop factors.

Decided here:

* Every change ends all sessions; the caller opens the next one under the account that is returned.
* The first factor brings ten recovery codes, shown once; new ones end the old.
* The last factor is never dropped, only replaced: what needs it would be open to the password alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable
from admin.auth import digest
from admin.people.codes import Sheet
from admin.people.entrance import WRONG_CODE
from admin.people.parts import People
from admin.people.passwords import fit
from admin.people.proof import NotProved
from proxy.model import Account, Actor, Invitation
from proxy.policy import changes_people as changes

PASSKEYS_AT_MOST = 10
NOT_INVITED = "That invitation is not known here, was used, or is older than 30 minutes. Ask for another."


@dataclass(frozen=True, slots=True)
class Own:
    """The accounts of those who ask."""

    hands: Hands
    people: People

    async def redeem(self, secret: str, password: str, address: str) -> Account:
        """Take up an invitation with a new password. Raises NotProved, Unfit, TooOften, Busy, StoreError."""
        await self.people.tries.attempt("invitation", None, address)
        # The revision is what makes an invitation good once: of two who bring it together, one sees a conflict.
        revision = (await self.hands.live.current()).revision
        at, wanted = self.hands.clock(), digest(secret.strip())
        kept = await asyncio.to_thread(self.hands.store.entries, "invitation")
        found = next((entry for entry in kept if isinstance(entry, Invitation) and entry.sha256 == wanted), None)
        account = self.hands.live.credentials.accounts.get(found.account) if found else None
        if found is None or account is None or account.disabled or at >= found.until:
            await self.people.tries.failed(account, address, "invitation not valid")
            raise NotProved(NOT_INVITED)
        self.people.tries.succeeded("invitation", address)
        hashed = await self.people.passwords.hashed(fit(password, account.name))
        taken = self._next(account, password=hashed)
        await self.hands.enact(changes.redeem(taken, found), _self(taken, address), revision)
        return taken

    async def set_password(self, actor: Actor, account: Account, old: str, new: str) -> Account:
        """Change a password, knowing the old one. Raises NotProved, Unfit, TooOften, Busy, Unusable, StoreError."""
        await self.people.tries.attempt(account.id, account, actor.address)
        if account.issuer:
            raise Unusable(f"Your password is at {account.issuer}.")
        if not await self.people.passwords.verify(account.password, old):
            await self.people.tries.failed(account, actor.address, "old password wrong")
            raise NotProved("The old password is wrong.")
        self.people.tries.succeeded(account.id, actor.address)
        hashed = await self.people.passwords.hashed(fit(new, account.name))
        return await self._altered(actor, account, "password-set", f"{account.name} set a password", password=hashed)

    async def enrol_codes(self, actor: Actor, account: Account, sealed: str, code: str) -> tuple[Account, Sheet | None]:
        """Enrol an authenticator application that shows the right code. Raises NotProved, Unusable, StoreError."""
        self._may_enrol(account)
        fits = await asyncio.to_thread(self.people.codes.fits, sealed, account.id, code, self.hands.clock())
        if not fits:
            raise NotProved(WRONG_CODE)
        return await self._enrolled(actor, account, "an authenticator application", totp=sealed)

    async def enrol_passkey(
        self, actor: Actor, account: Account, answer: str, sealed: str, label: str
    ) -> tuple[Account, Sheet | None]:
        """Enrol a passkey that a browser made. Raises NotInstalled, NotProved, Unusable, StoreError."""
        self._may_enrol(account)
        if len(account.passkeys) >= PASSKEYS_AT_MOST:
            raise Unusable(f"An account has at most {PASSKEYS_AT_MOST} passkeys. Remove one first.")
        at = self.hands.clock()
        made = await asyncio.to_thread(self.people.passkeys.enrolled, account, answer, sealed, label, at)
        if self.hands.live.credentials.with_passkey(made.id):
            raise Unusable("That passkey is enrolled already.")
        return await self._enrolled(actor, account, f"the passkey {made.label}", passkeys=(*account.passkeys, made))

    async def new_sheet(self, actor: Actor, account: Account) -> tuple[Account, Sheet]:
        """Make ten new recovery codes; the old ones end. Raises Unusable, StoreError."""
        if not account.has_factor:
            raise Unusable("Recovery codes stand in for a second factor. Enrol one first.")
        sheet = self.people.codes.new_sheet(account.id)
        reason = f"{account.name} made new recovery codes"
        return await self._altered(actor, account, "recovery-set", reason, recovery=sheet.digests), sheet

    async def drop(self, actor: Actor, account: Account, factor: str) -> Account:
        """Drop a factor: "totp", or the id of a passkey. Raises Unusable, StoreError."""
        rest = tuple(passkey for passkey in account.passkeys if passkey.id != factor)
        left = replace(account, totp="" if factor == "totp" else account.totp, passkeys=rest)
        if left == account:
            raise Unknown("There is no such factor.")
        if not left.has_factor:
            raise Unusable("That is your last second factor. Enrol another one first.")
        reason = f"{account.name} dropped a factor"
        return await self._altered(actor, account, "factor-dropped", reason, totp=left.totp, passkeys=left.passkeys)

    def _may_enrol(self, account: Account) -> None:
        if account.issuer:
            raise Unusable(f"Your second factor is at {account.issuer}.")

    async def _enrolled(
        self, actor: Actor, account: Account, what: str, **changed: Any
    ) -> tuple[Account, Sheet | None]:
        sheet = None if account.recovery else self.people.codes.new_sheet(account.id)
        changed |= {"recovery": sheet.digests} if sheet else {}
        reason = f"{account.name} enrolled {what}"
        return await self._altered(actor, account, "factor-enrolled", reason, **changed), sheet

    async def _altered(self, actor: Actor, account: Account, verb: str, reason: str, **changed: Any) -> Account:
        """Commit a change of an account as it was seen; a newer state of it is a conflict."""
        await self.hands.live.current()
        revision = self.hands.live.snapshot.revision
        if self.hands.live.credentials.accounts.get(account.id) != account:
            raise Unusable("Your account changed meanwhile. Look again.")
        altered = self._next(account, **changed)
        await self.hands.enact(changes.alter(altered, verb, reason), actor, revision)
        return altered

    def _next(self, account: Account, **changed: Any) -> Account:
        return replace(account, version=account.version + 1, changed=self.hands.clock(), **changed)


def _self(account: Account, address: str) -> Actor:
    return Actor("person", account.id, account.name, account.role, address)
