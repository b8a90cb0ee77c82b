"""From a request to an :class:`~proxy.model.Actor`, and how tokens are made.

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

from proxy.live import Live
from proxy.model import Actor, Token

PREFIX = "wgt"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: the secret, to be shown once, and what is kept of it."""

    secret: str
    token: Token


def issue(name: str, role: str, at: datetime, valid: timedelta | None, parent: str = "") -> Issued:
    """Make a token for ``name`` with ``role``; with a ``parent``, a session of it."""
    identity = secrets.token_hex(4)
    body = f"{PREFIX}_{identity}_{secrets.token_urlsafe(32)}"
    secret = f"{body}{_checksum(body)}"
    until = at + valid if valid else None
    return Issued(secret, Token(f"token:{identity}", name, digest(secret), role, at, until, parent))


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def well_formed(secret: str) -> bool:
    """Whether the text can be a token of ours at all: prefix and checksum fit."""
    return secret.startswith(f"{PREFIX}_") and secret.isascii() and secret[-8:] == _checksum(secret[:-8])


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


class Authenticator:
    """Knows who brings a secret."""

    def __init__(self, live: Live, clock: Callable[[], datetime]) -> None:
        self._live, self._clock = live, clock

    async def actor(self, secret: str, address: str, *, session: bool = False) -> Actor | None:
        """Return whom the secret belongs to, None for nobody (unknown, ended or withdrawn).

        A session's secret counts where a session is asked for, and nowhere else; its actor is the
        token that it was opened with.
        """
        if not well_formed(secret):
            return None
        await self._live.current()
        token = self._live.token(digest(secret), self._clock())
        if token is None or bool(token.parent) is not session:
            return None
        return Actor("token", token.parent or token.id, token.name, token.role, address)
