"""Emergencies: one person's exception for a few hours, loud until somebody else has looked at it.

Decided here:

* Who opened one cannot review it: another actor and another name are needed, since one person may hold two tokens.
* It stays an alarm until it is reviewed, also after it has ended. Ending one early leaves it where it is.
* A review is of what was done, so it changes nothing of when it ends.

What an emergency opens, and what it never does, is decided in :mod:`proxy.policy.judge`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from proxy.model import Actor, Approval, Change
from proxy.policy.snapshot import PolicySnapshot


def emergencies(snapshot: PolicySnapshot) -> list[Approval]:
    """Return every emergency that the policy knows, in whatever channel, the newest first."""
    found = [g.approval for grants in snapshot.grants.values() for g in grants if g.approval.emergency]
    return sorted(found, key=lambda approval: approval.at, reverse=True)


def alarms(snapshot: PolicySnapshot) -> list[Approval]:
    """Return the emergencies that nobody has reviewed yet."""
    return [approval for approval in emergencies(snapshot) if not approval.reviewed]


def open_at(snapshot: PolicySnapshot, at: datetime) -> list[Approval]:
    """Return the emergencies that have not ended."""
    return [approval for approval in emergencies(snapshot) if approval.until is not None and at < approval.until]


def sentence(approval: Approval, at: datetime) -> str:
    """Say what an emergency is, and that it waits for a review. Names no person and no reason: anybody may read it."""
    until = approval.until
    ended = until is not None and until <= at
    state = "ended" if ended else "is open until"
    where = f" in the channel {approval.channel}" if approval.channel else ""
    what = f"The emergency for {approval.project}{approval.specifier}{where}"
    return f"{what} {state} {until:%Y-%m-%d %H:%M} UTC and waits for a review by somebody else."


def is_same_person(approval: Approval, actor: Actor) -> bool:
    """Whether an actor may be the one who opened an emergency; where no account did, a name is taken at its word."""
    if actor.principal == approval.by_id:
        return True
    by_account = approval.by_id.startswith("account:")
    return not by_account and actor.name.strip().casefold() == approval.by.strip().casefold()


def opened(approval: Approval) -> Change:
    """Open an emergency."""
    return Change(
        "project:emergency:opened",
        approval.project,
        approval.reason,
        puts=(approval,),
        detail={
            "emergency": approval.id,
            "specifier": approval.specifier,
            "channel": approval.channel,
            "until": approval.until.isoformat() if approval.until else "",
            "by": approval.by,
            "acknowledged": list(approval.acknowledged),
            "files": [[file.filename, file.sha256] for file in approval.files],
        },
    )


def reviewed(approval: Approval, finding: str) -> Change:
    """Record what somebody else found."""
    detail = {"emergency": approval.id, "opened_by": approval.by}
    change = replace(approval, reviewed=finding)
    return Change("project:emergency:reviewed", approval.project, finding, puts=(change,), detail=detail)


def ended(approvals: Iterable[Approval], reason: str, at: datetime) -> Change:
    """End emergencies before their time; they still wait for their review."""
    closed = tuple(replace(approval, until=at) for approval in approvals)
    detail = {"emergencies": [approval.id for approval in closed], "until": at.isoformat()}
    projects = " ".join(dict.fromkeys(approval.project for approval in closed))
    return Change("project:emergency:ended", projects, reason, puts=closed, detail=detail)
