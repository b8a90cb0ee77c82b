"""People whom an OpenID provider vouches for: known here from their first sign-in on.

Decided here:

* Their role is what their groups say at each sign-in; a change of it ends their other sessions.
* Who was disabled here stays out, whatever the provider says.
* Two people never have one name in the audit.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace

from admin.actions.hands import Hands
from admin.people.proof import NotProved, Vouched
from admin.roles import ROLES
from proxy.model import Account, Actor
from proxy.policy import changes_people as changes


@dataclass(frozen=True, slots=True)
class Vouching:
    """The accounts of people who sign in elsewhere."""

    hands: Hands

    async def meet(self, vouched: Vouched, address: str) -> Account:
        """Return the account of somebody, made or changed as their groups say. Raises NotProved, StoreError."""
        await self.hands.live.current()
        known, at = self.hands.live.credentials.from_issuer(vouched.issuer, vouched.subject), self.hands.clock()
        if known is None:
            fresh = Account(
                f"account:{secrets.token_hex(8)}", self._unused(vouched), vouched.role, vouched.issuer, at, at,
                issuer=vouched.issuer, subject=vouched.subject,
            )  # fmt: skip
            return await self._met(fresh, address)
        if known.disabled:
            raise NotProved("This account is disabled here. Ask an administrator of this gate.")
        if known.role == vouched.role:
            return known
        return await self._met(replace(known, role=vouched.role, version=known.version + 1, changed=at), address)

    async def _met(self, account: Account, address: str) -> Account:
        """Commit what a provider said; the revision makes sure that nobody is met twice at once."""
        actor = Actor("person", account.id, account.name, account.role, address)
        owned = self.hands.live.credentials.owned(account.id)
        over = [token for token in owned if not ROLES.get(token.role, frozenset()) <= ROLES[account.role]]
        revision = self.hands.live.snapshot.revision
        await self.hands.enact(changes.meet(account, over), actor, revision)
        return account

    def _unused(self, vouched: Vouched) -> str:
        """Return a name that no other account has: people must be told apart in the audit."""
        if self.hands.live.credentials.named(vouched.name) is None:
            return vouched.name
        mark = hashlib.sha256(f"{vouched.issuer}\n{vouched.subject}".encode()).hexdigest()[:8]
        return f"{vouched.name} ({mark})"
