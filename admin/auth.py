"""From a secret to an :class:`~proxy.model.Actor`, and how tokens are made.

A token reads ``wgt_ID_SECRETCRC``: the prefix lets secret scanners find one that leaked, the checksum
lets them and us tell a typing error from a wrong token. Kept is the SHA-256 of the whole, for which a
fast hash is right: the secret is 256 random bits.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from admin.roles import Forbidden
from proxy.live import Live
from proxy.model import Actor, Token
from proxy.policy.credentials import actor_of, may_come_from
from proxy.uses import Uses

PREFIX = "wgt"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: the secret, to be shown once, and what is kept of it."""

    secret: str
    token: Token


def issue(name: str, role: str, at: datetime, valid: timedelta | None) -> Issued:
    """Make a token for ``name`` with ``role``, that may do all of its role and answers for itself."""
    identity = secrets.token_hex(4)
    secret = sealed(f"{PREFIX}_{identity}_{secrets.token_urlsafe(32)}")
    until = at + valid if valid else None
    return Issued(secret, Token(f"token:{identity}", name, digest(secret), role, at, until))


def sealed(body: str) -> str:
    """Return a secret with its checksum."""
    return f"{body}{zlib.crc32(body.encode()):08x}"


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def well_formed(secret: str) -> bool:
    """Whether the text can be a token of ours at all: prefix and checksum fit."""
    return secret.startswith(f"{PREFIX}_") and secret.isascii() and secret == sealed(secret[:-8])


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Knows who brings a secret to the admin. ``passes`` reads the short-lived tokens, which are kept nowhere."""

    live: Live
    clock: Callable[[], datetime]
    passes: Callable[[str, datetime], Token | None]
    uses: Uses

    async def actor(self, secret: str, address: str) -> Actor | None:
        """Return whom the secret belongs to, None for nobody (unknown, ended or withdrawn).

        Raises Forbidden for a token that is good elsewhere: from another address, or at the index alone.
        """
        if not well_formed(secret):
            return None
        await self.live.current()
        at = self.clock()
        token = self.live.token(digest(secret), at)
        if token:
            self.uses.note(token, at)
        else:
            token = self.passes(secret, at)
        if token is None:
            return None
        if not may_come_from(token, address):
            raise Forbidden("This token may not be used from this address.")
        if token.bound:
            raise Forbidden("This token is bound to a part of the index, and reads nothing of the admin.")
        return actor_of(token, address)
