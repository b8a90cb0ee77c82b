"""Who may come in: people with their factors, machines by rule, and acts that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ROLES = ("reader", "requester", "auditor", "approver", "administrator", "owner")
"""What there is to be; who may do what is in the admin's table."""

APPROVING = frozenset({"approver", "administrator", "owner"})
"""The roles that change what is served or who may come in: they need a second factor."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential: its id and its public key (COSE), both base64url, and what its owner calls it."""

    id: str
    public_key: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A person. ``version`` rises with every change of password, role or factor, which ends all sessions.

    ``password`` is an Argon2id hash (PHC text), "" where nobody can sign in with one. ``totp`` is a seed, sealed with
    a key that is not in the database. ``recovery`` holds the digests of the codes that are left. One from OpenID
    Connect has ``issuer`` and ``subject`` instead of all these.
    """

    id: str
    name: str
    role: str
    by: str
    at: datetime
    changed: datetime
    version: int = 1
    password: str = ""
    totp: str = ""
    passkeys: tuple[Passkey, ...] = ()
    recovery: tuple[str, ...] = ()
    issuer: str = ""
    subject: str = ""
    disabled: bool = False

    @property
    def has_factor(self) -> bool:
        """Whether a second factor is enrolled."""
        return bool(self.totp or self.passkeys)

    @property
    def usable(self) -> bool:
        """Whether somebody can sign in to it at all."""
        return not self.disabled and bool(self.password or self.passkeys or self.issuer)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A secret, known by its digest, with which somebody sets the password of an account, once."""

    id: str
    account: str
    sha256: str
    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CiRule:
    """Which ID tokens of which issuer are exchanged for a short-lived token (OpenID Connect).

    ``claims`` are glob patterns by claim; all must match. The token reads in ``channel`` (None: everywhere) and
    lives for ``minutes``.
    """

    id: str
    name: str
    issuer: str
    audience: str
    claims: Mapping[str, str]
    role: Literal["reader", "requester"]
    by: str
    reason: str
    at: datetime
    channel: str | None = None
    minutes: int = 15


@dataclass(frozen=True, slots=True)
class Proposal:
    """An act that waits for a second person: a change as data, and the digest of what both of them saw.

    ``puts`` are pairs of an entry's kind and its body (JSON), ``detail`` is JSON. ``seq`` is the newest audit event
    when it was made: nothing that it replaces may have changed since. ``principal`` is the person or token that
    answers for the proposer.
    """

    id: str
    tag: str
    project: str
    reason: str
    puts: tuple[tuple[str, str], ...]
    ends: tuple[str, ...]
    detail: str
    words: tuple[str, ...]
    digest: str
    seq: int
    by: str
    by_id: str
    principal: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in, known by the digest of its secret.

    ``holder`` is an account or, until there are any, a token; ``version`` the account's when it was opened.
    ``stage`` is "password" until the second factor came, "enrol" for somebody who must enrol one first.
    ``proved`` is when the strongest proof was last given.
    """

    id: str
    sha256: str
    holder: str
    version: int
    stage: Literal["password", "enrol", "full"]
    method: str
    opened: datetime
    seen: datetime
    until: datetime
    proved: datetime
    address: str
    agent: str
