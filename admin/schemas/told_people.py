"""What is told of people, sessions, rules and proposals: never a hash, a seed or the digest of a secret."""

from __future__ import annotations

import json
from datetime import datetime

from admin.actions import Invited
from admin.people.sessions import Signed
from admin.schemas.told import approval_data, waiver_data
from proxy.model import Account, Approval, Channel, CiRule, Entry, Proposal, Terms, Waiver
from proxy.policy.terms import data as terms_as_data
from proxy.store import proposed

Data = dict[str, object]


def account_data(account: Account) -> Data:
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


def _state(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return "active" if account.usable else "invited"


def invited_data(invited: Invited, url: str) -> Data:
    """Return an invitation as JSON data, with its secret, which is shown nowhere else."""
    until = invited.invitation.until.isoformat()
    return account_data(invited.account) | {"secret": invited.secret, "until": until, "url": f"{url}/admin/invited"}


def session_data(signed: Signed) -> Data:
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


def rule_data(rule: CiRule) -> Data:
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


def proposal_data(proposal: Proposal, terms: Terms | None = None) -> Data:
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


def _entry_data(entry: Entry, terms: Terms | None, at: datetime) -> Data:
    match entry:
        case Approval():
            return {"approval": approval_data(entry)}
        case Waiver():
            return {"waiver": waiver_data(entry, at)}
        case Terms():
            before = terms_as_data(terms) if terms else {}
            return {"terms": {name: value for name, value in terms_as_data(entry).items() if before.get(name) != value}}
        case Channel():
            return {"channel": entry.name, "own": list(entry.sets), "terms": terms_as_data(entry.terms)}
    return {"entry": entry.id}
