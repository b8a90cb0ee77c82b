"""What is told of people, sessions, rules and proposals: never a hash, a seed or the digest of a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from admin.actions import Invited
from admin.people.sessions import Signed
from admin.schemas.told_policy import approval_data, waiver_data
from proxy.model import Account, Approval, Channel, CiRule, Entry, Proposal, Terms, Token, Waiver
from proxy.policy.terms import data as terms_as_data
from proxy.store import proposed


class AccountOut(TypedDict):
    """Somebody's account; ``issuer`` is where they sign in ("": here)."""

    id: str
    name: str
    role: str
    state: Literal["active", "invited", "disabled"]
    factors: list[str]
    recovery_codes: int
    issuer: str
    by: str
    at: str
    changed: str


class InvitedOut(AccountOut):
    """An invitation, with its secret, which is shown nowhere else."""

    secret: str
    until: str
    url: str


def account_data(account: Account) -> AccountOut:
    """Return an account as JSON data."""
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "state": _state(account),
        "factors": ["totp"] * bool(account.totp) + ["passkey"] * len(account.passkeys),
        "recovery_codes": len(account.recovery),
        "issuer": account.issuer,
        "by": account.by,
        "at": account.at.isoformat(),
        "changed": account.changed.isoformat(),
    }


def _state(account: Account) -> Literal["active", "invited", "disabled"]:
    if account.disabled:
        return "disabled"
    return "active" if account.usable else "invited"


def invited_data(invited: Invited, url: str) -> InvitedOut:
    """Return an invitation as JSON data, with its secret."""
    until = invited.invitation.until.isoformat()
    return {**account_data(invited.account), "secret": invited.secret, "until": until, "url": f"{url}/admin/invited"}


class ActingOut(TypedDict):
    """Who a token belongs to, and to which permissions it is narrowed (none: all of its role)."""

    name: str
    role: str
    scope: list[str]


class TokenOut(TypedDict):
    """A token, without what is kept of its secret; ``channel`` is None where it is bound to none."""

    id: str
    name: str
    role: str
    at: str
    until: str | None
    owner: str
    scope: list[str]
    channel: str | None
    projects: list[str]
    networks: list[str]


class UsedOut(TokenOut):
    """A token, and when it was last used (to the minute)."""

    last_use: str | None


class IssuedOut(TokenOut):
    """A token that was issued, with its secret, which is shown nowhere else."""

    secret: str


def token_data(token: Token) -> TokenOut:
    """Return a token as JSON data."""
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "at": token.at.isoformat(),
        "until": token.until.isoformat() if token.until else None,
        "owner": token.owner,
        "scope": list(token.scope),
        "channel": token.channel,
        "projects": list(token.projects),
        "networks": list(token.networks),
    }


def used_data(token: Token, uses: Mapping[str, datetime]) -> UsedOut:
    """Return a token as JSON data, with its last use (``uses`` by the ids of tokens)."""
    return {**token_data(token), "last_use": uses[token.id].isoformat() if token.id in uses else None}


class SessionOut(TypedDict):
    """A browser that is signed in."""

    id: str
    name: str
    role: str
    method: str
    opened: str
    seen: str
    until: str
    address: str
    agent: str


def session_data(signed: Signed) -> SessionOut:
    """Return a session as JSON data."""
    session = signed.session
    return {
        "id": session.id,
        "name": signed.actor.name,
        "role": signed.actor.role,
        "method": session.method,
        "opened": session.opened.isoformat(),
        "seen": session.seen.isoformat(),
        "until": session.until.isoformat(),
        "address": session.address,
        "agent": session.agent,
    }


class RuleOut(TypedDict):
    """A rule by which CI jobs get a token; ``claims`` are glob patterns, ``minutes`` for how long it is good."""

    id: str
    name: str
    issuer: str
    audience: str
    claims: dict[str, str]
    role: str
    channel: str | None
    minutes: int
    by: str
    at: str
    reason: str


def rule_data(rule: CiRule) -> RuleOut:
    """Return a rule of exchange as JSON data."""
    return {
        "id": rule.id,
        "name": rule.name,
        "issuer": rule.issuer,
        "audience": rule.audience,
        "claims": dict(rule.claims),
        "role": rule.role,
        "channel": rule.channel,
        "minutes": rule.minutes,
        "by": rule.by,
        "at": rule.at.isoformat(),
        "reason": rule.reason,
    }


class ProposalOut(TypedDict):
    """An act that waits for a second person: everything that its ``digest`` covers, secrets left out."""

    id: str
    act: str
    project: str
    reason: str
    takes_two: list[str]
    by: str
    at: str
    until: str
    digest: str
    detail: dict[str, object]
    entries: list[dict[str, object]]
    ends: list[str]


def proposal_data(proposal: Proposal, terms: Terms | None = None) -> ProposalOut:
    """Return a proposal as JSON data: everything that its digest covers, secrets left out.

    With ``terms``, those in force, only what would change of them is told.
    """
    change = proposed.unpacked(proposal)
    return {
        "id": proposal.id,
        "act": proposal.tag,
        "project": proposal.project,
        "reason": proposal.reason,
        "takes_two": list(proposal.words),
        "by": proposal.by,
        "at": proposal.at.isoformat(),
        "until": proposal.until.isoformat(),
        "digest": proposal.digest,
        "detail": json.loads(proposal.detail),
        "entries": [_entry_data(entry, terms, proposal.at) for entry in change.puts],
        "ends": list(proposal.ends),
    }


def _entry_data(entry: Entry, terms: Terms | None, at: datetime) -> dict[str, object]:
    match entry:
        case Approval():
            return {"approval": approval_data(entry)}
        case Waiver():
            return {"waiver": waiver_data(entry, at)}
        case Terms():
            before = dict(terms_as_data(terms)) if terms else {}
            return {"terms": {name: value for name, value in terms_as_data(entry).items() if before.get(name) != value}}
        case Channel():
            return {"channel": entry.name, "own": list(entry.sets), "terms": terms_as_data(entry.terms)}
    return {"entry": entry.id}
