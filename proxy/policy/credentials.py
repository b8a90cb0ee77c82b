"""Who is known, at one revision: tokens by the digest of their secret, accounts, rules for CI. Immutable.

Decided here:

* A token of an account ends with the account, except those that only read: machines hold them, and a build
  must not fail because a colleague left. They are listed with their owner, to be replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from proxy.model import APPROVING, Account, Actor, CiRule, Entry, Token


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everybody and everything that may come in."""

    tokens: Mapping[str, Token] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    rules: Mapping[str, CiRule] = field(default_factory=dict)

    def amended(self, puts: Iterable[Entry], ends: Iterable[str]) -> Credentials:
        """Return these credentials with entries put (by id, replacing) and others ended."""
        puts = tuple(puts)
        gone = {*ends, *(entry.id for entry in puts)}
        tokens = [token for token in self.tokens.values() if token.id not in gone]
        tokens += [entry for entry in puts if isinstance(entry, Token)]
        accounts = [account for account in self.accounts.values() if account.id not in gone]
        accounts += [entry for entry in puts if isinstance(entry, Account)]
        rules = [rule for rule in self.rules.values() if rule.id not in gone]
        rules += [entry for entry in puts if isinstance(entry, CiRule)]
        return Credentials(
            {token.sha256: token for token in tokens},
            {account.id: account for account in accounts},
            {rule.id: rule for rule in rules},
        )

    def token(self, sha256: str, at: datetime) -> Token | None:
        """Return the token in force whose secret has this digest."""
        token = self.tokens.get(sha256)
        if token is None or (token.until is not None and token.until <= at):
            return None
        return token

    def token_of(self, identity: str, at: datetime) -> Token | None:
        """Return the token in force with this id."""
        found = next((token for token in self.tokens.values() if token.id == identity), None)
        return self.token(found.sha256, at) if found else None

    def named(self, name: str) -> Account | None:
        """Return the account with this name, in any spelling of its case."""
        wanted = name.casefold()
        return next((account for account in self.accounts.values() if account.name.casefold() == wanted), None)

    def with_passkey(self, identity: str) -> Account | None:
        """Return the account that a passkey belongs to."""
        for account in self.accounts.values():
            if any(passkey.id == identity for passkey in account.passkeys):
                return account
        return None

    def from_issuer(self, issuer: str, subject: str) -> Account | None:
        """Return the account of a subject of an OpenID provider."""
        for account in self.accounts.values():
            if (account.issuer, account.subject) == (issuer, subject):
                return account
        return None

    def owned(self, principal: str) -> list[Token]:
        """Return the tokens that a principal answers for."""
        return [token for token in self.tokens.values() if token.owner == principal]

    def deciders(self) -> int:
        """Return how many people can decide: those who can sign in and whose role approves or runs the gate."""
        return sum(account.usable and account.role in APPROVING for account in self.accounts.values())


def actor_of(token: Token, address: str) -> Actor:
    """Return who acts with a token, at whichever door: its id says which it is, its owner who answers for it."""
    return Actor("token", token.id, token.name, token.role, address, token.owner, token.scope)


def anybody_at(address: str) -> Actor:
    """Return who acts without a token: all that is known of them is where they come from."""
    return Actor("client", f"client:{address}", address, "requester", address)


def may_read(token: Token, channel: str) -> bool:
    """Whether a token may read the index of a channel."""
    return (not token.scope or "read" in token.scope) and token.channel in {None, channel}


def may_request(token: Token) -> bool:
    """Whether a token may put wishes into the inbox."""
    return token.role != "reader" and (not token.scope or "request" in token.scope)


def may_have(projects: Collection[str], project: str) -> bool:
    """Whether a token that is bound to these projects (none: to none) may have anything of a project."""
    return not projects or any(fnmatchcase(project, pattern) for pattern in projects)


def may_come_from(token: Token, address: str) -> bool:
    """Whether a token may be used from an address; from one that is none (a socket file) only without networks."""
    if not token.networks:
        return True
    try:
        place = ip_address(address)
    except ValueError:
        return False
    plain = getattr(place, "ipv4_mapped", None) or place
    return any(plain in ip_network(network) for network in token.networks)


@lru_cache(maxsize=8192)
def network(address: str) -> str:
    """Return what counts as one address: an IPv6 client has a /64 to itself."""
    try:
        place = ip_address(address)
    except ValueError:
        return address
    if isinstance(place, IPv6Address):
        return str(place.ipv4_mapped or IPv6Address(int(place) >> 64 << 64))
    return str(place)
