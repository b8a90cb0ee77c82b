"""How it changes who may come in, and acts of two people, as :class:`~proxy.model.Change`.

No secret, hash or seed is ever in what an event says: names, roles, kinds of factors and digests of nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from proxy.model import Account, Actor, Change, CiRule, Entry, Invitation, Proposal, Session, Token, Waiver


def invite(account: Account, invitation: Invitation, reason: str, ended: Iterable[str] = ()) -> Change:
    """Let somebody set the password of a new account, or of one that lost what it had. Older invitations end."""
    detail = {**_said(account), "until": invitation.until.isoformat()}
    return Change("access:account:invited", "", reason, (account, invitation), tuple(ended), detail)


def redeem(account: Account, invitation: Invitation) -> Change:
    """Note that somebody took up an invitation and set a password."""
    reason = f"{account.name} took up the invitation"
    return Change("access:account:redeemed", "", reason, (account,), (invitation.id,), _said(account))


def alter(account: Account, verb: str, reason: str, ended: Iterable[Token] = ()) -> Change:
    """Change an account (``verb``: disabled, role-set, password-set …), and end tokens that it answered for."""
    gone = tuple(ended)
    detail = {**_said(account), "tokens": [token.name for token in gone]}
    return Change(f"access:account:{verb}", "", reason, (account,), tuple(token.id for token in gone), detail)


def meet(account: Account, ended: Iterable[Token] = ()) -> Change:
    """Note a person whom an OpenID provider vouches for, new or with another role; tokens that hold more end."""
    gone = tuple(token.id for token in ended)
    detail = {**_said(account), "issuer": account.issuer, "subject": account.subject}
    return Change("access:account:met", "", f"{account.issuer} vouches for {account.name}", (account,), gone, detail)


def _said(account: Account) -> dict[str, object]:
    kinds = ["password"] * bool(account.password) + ["totp"] * bool(account.totp)
    kinds += [f"passkey {passkey.label}" for passkey in account.passkeys]
    return {"account": account.name, "id": account.id, "role": account.role, "by_means_of": kinds}


def session(verb: str, name: str, found: Session) -> Change:
    """Note that a browser's session was opened, proved or closed. It moves no policy."""
    detail = {"session": found.id, "method": found.method, "agent": found.agent}
    return Change(f"access:session:{verb}", "", name, detail=detail, policy=False)


def refused(reason: str, account: str, count: int) -> Change:
    """Note sign-ins that were refused: ``count`` of the same kind within a minute."""
    detail = {"account": account, "count": count}
    return Change("access:sign-in:refused", "", reason, detail=detail, policy=False)


def put_rule(rule: CiRule) -> Change:
    """Let the ID tokens of CI jobs be exchanged by a rule."""
    detail = {
        "rule": rule.name,
        "issuer": rule.issuer,
        "audience": rule.audience,
        "claims": dict(rule.claims),
        "role": rule.role,
        "channel": "everywhere" if rule.channel is None else rule.channel,
        "minutes": rule.minutes,
    }
    return Change("access:rule:set", "", rule.reason, puts=(rule,), detail=detail)


def end_rule(rule: CiRule, reason: str) -> Change:
    """End a rule, and with it every token that it made."""
    return Change("access:rule:ended", "", reason, ends=(rule.id,), detail={"rule": rule.name})


def exchange(rule: CiRule, subject: str, claims: Mapping[str, str]) -> Change:
    """Note that a CI job got a short-lived token. It moves no policy."""
    detail = {"rule": rule.name, "issuer": rule.issuer, "subject": subject, "claims": dict(claims)}
    return Change("access:token:exchanged", "", f"By the rule {rule.name}", detail=detail, policy=False)


def propose(proposal: Proposal, expired: Iterable[Proposal] = ()) -> Change:
    """Keep an act that waits for a second person; those that waited too long end."""
    gone = tuple(expired)
    detail = {**_waiting(proposal), "expired": [old.id for old in gone]}
    ends = tuple(old.id for old in gone)
    return Change("proposal:act:made", proposal.project, proposal.reason, (proposal,), ends, detail, policy=False)


def reject(proposal: Proposal, reason: str) -> Change:
    """End a proposal without doing what it proposes."""
    ends = (proposal.id,)
    return Change("proposal:act:rejected", proposal.project, reason, (), ends, _waiting(proposal), policy=False)


def confirm(proposal: Proposal, change: Change, actor: Actor, at: datetime, disputed: Collection[str] = ()) -> Change:
    """Return the proposed change as the act of two people; the event names both. An invitation's time begins now.

    ``disputed`` are the ids of the waivers that set a report of malware aside.
    """
    puts = tuple(_confirmed(entry, actor.name if entry.id in disputed else "", at) for entry in change.puts)
    detail = {**change.detail, "proposal": _waiting(proposal), "confirmed_by": actor.name}
    return replace(change, puts=puts, ends=(*change.ends, proposal.id), detail=detail)


def _confirmed(entry: Entry, second: str, at: datetime) -> Entry:
    match entry:
        case Waiver():
            return replace(entry, second=second)
        case Invitation():
            return replace(entry, at=at, until=at + (entry.until - entry.at))
    return entry


def _waiting(proposal: Proposal) -> dict[str, object]:
    return {
        "proposal": proposal.id,
        "act": proposal.tag,
        "takes_two": list(proposal.words),
        "proposed_by": proposal.by,
        "proposed_by_id": proposal.by_id,
        "digest": proposal.digest,
    }
