"""The inbox: what the API takes, and what it and the pages tell of what waits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from admin.actions import Inboxed
from admin.schemas.emergencies import EmergencyOut, emergency_data
from admin.schemas.given import Reason, Strict
from admin.schemas.told_policy import LateOut, late_data
from proxy.model import Ask, Demand
from proxy.policy.fixes import Fix
from proxy.policy.waiting import Section, meant

SHOWN = 20
"""How many clients, tokens and builds are named; ``…_total`` says how many there are."""


class DeclineIn(Strict):
    """Projects whose wishes leave the inbox, and why."""

    projects: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        min_length=1, max_length=100, examples=[["flask"]]
    )
    reason: Reason


class AskOut(TypedDict):
    """Somebody's wish for a project."""

    id: str
    project: str
    specifier: str
    by: str
    why: str
    at: str
    channel: str


class RequestOut(AskOut):
    """A wish that waits; ``meant`` is the project that its name imitates."""

    meant: str | None


class BuildOut(TypedDict):
    """A kind of build that was refused something."""

    agent: str
    ci: bool
    channel: str
    count: int


class DemandOut(TypedDict):
    """What was refused of one project, and to whom: the first few, and how many there are."""

    project: str
    count: int
    first: str
    last: str
    codes: list[str]
    clients: list[str]
    clients_total: int
    tokens: list[str]
    tokens_total: int
    builds: list[BuildOut]
    builds_total: int


class RefusedOut(DemandOut):
    """What was refused and waits; ``meant`` is the project that its name imitates."""

    meant: str | None


class FixOut(TypedDict):
    """A release to be approved because it fixes what was approved; ``approve`` is the requirement."""

    project: str
    version: str
    channel: str
    withheld: list[str]
    advisories: list[str]
    acknowledge: list[str]
    uploaded: str | None
    approve: str
    requests: list[AskOut]


class InboxOut(TypedDict):
    """One page of what waits, by section; ``next`` is the ``after`` of the following one."""

    emergencies: list[EmergencyOut]
    late_files: list[LateOut]
    fixes: list[FixOut]
    requests: list[RequestOut]
    refused: list[RefusedOut]
    look_alikes: list[RefusedOut]
    next: str | None


def inbox_data(inbox: Inboxed, at: datetime) -> InboxOut:
    """Return one page of the inbox as JSON data."""
    told: InboxOut = {
        "emergencies": [emergency_data(approval, at) for approval in inbox.emergencies],
        "late_files": [late_data(late) for late in inbox.late],
        "fixes": [],
        "requests": [],
        "refused": [],
        "look_alikes": [],
        "next": inbox.following,
    }
    for item in inbox.items:
        match item.body:
            case Fix():
                told["fixes"].append(_fix(item.body, item.asks))
            case Ask():
                imitated = meant(inbox.snapshot, item.body, at)
                told["requests"].append({**ask_data(item.body), "meant": imitated})
            case Demand():
                section = told["look_alikes"] if item.section is Section.LOOK_ALIKES else told["refused"]
                section.append({**demand_data(item.body), "meant": meant(inbox.snapshot, item.body, at)})
    return told


def ask_data(ask: Ask) -> AskOut:
    """Return a wish as JSON data."""
    return {
        "id": ask.id,
        "project": ask.project,
        "specifier": ask.specifier,
        "by": ask.by,
        "why": ask.why,
        "at": ask.at.isoformat(),
        "channel": ask.channel,
    }


def demand_data(line: Demand) -> DemandOut:
    """Return a line of what was refused as JSON data: who wanted it, and from which builds."""
    return {
        "project": line.project,
        "count": line.count,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "codes": list(line.codes),
        "clients": list(line.clients[:SHOWN]),
        "clients_total": len(line.clients),
        "tokens": list(line.tokens[:SHOWN]),
        "tokens_total": len(line.tokens),
        "builds": [
            {"agent": build.agent, "ci": build.ci, "channel": build.channel, "count": build.count}
            for build in line.builds[:SHOWN]
        ],
        "builds_total": len(line.builds),
    }


def _fix(fix: Fix, asks: Iterable[Ask]) -> FixOut:
    return {
        "project": fix.project,
        "version": fix.version,
        "channel": fix.channel,
        "withheld": list(fix.withheld),
        "advisories": list(fix.advisories),
        "acknowledge": list(fix.acknowledge),
        "uploaded": fix.uploaded.isoformat() if fix.uploaded else None,
        "approve": fix.requirement,
        "requests": [ask_data(ask) for ask in asks],
    }
