"""The inbox: what the API takes, and what it and the pages tell of what waits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import Field

from admin.actions import Inboxed
from admin.schemas.emergencies import emergency_data
from admin.schemas.given import Reason, Strict
from admin.schemas.told import late_data
from proxy.model import Ask, Demand
from proxy.policy.fixes import Fix
from proxy.policy.waiting import Section, Waiting, meant

SHOWN = 20
"""How many clients, tokens and builds are named; ``…_total`` says how many there are."""
SECTIONS = {
    Section.FIXES: "fixes",
    Section.REQUESTS: "requests",
    Section.REFUSED: "refused",
    Section.LOOK_ALIKES: "look_alikes",
}


class DeclineIn(Strict):
    """Projects whose wishes leave the inbox, and why."""

    projects: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        min_length=1, max_length=100, examples=[["flask"]]
    )
    reason: Reason


def inbox_data(inbox: Inboxed, at: datetime) -> dict[str, object]:
    """Return one page of the inbox as JSON data, by section; ``next`` is where the following one begins."""
    sections: dict[str, list[object]] = {name: [] for name in SECTIONS.values()}
    for item in inbox.items:
        sections[SECTIONS[item.section]].append(_item(item, inbox, at))
    return {
        "emergencies": [emergency_data(approval, at) for approval in inbox.emergencies],
        "late_files": [late_data(late) for late in inbox.late],
        **sections,
        "next": inbox.following,
    }


def ask_data(ask: Ask) -> dict[str, object]:
    """Return a wish as JSON data."""
    return asdict(ask) | {"at": ask.at.isoformat()}


def demand_data(line: Demand) -> dict[str, object]:
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
        "builds": [asdict(build) for build in line.builds[:SHOWN]],
        "builds_total": len(line.builds),
    }


def _item(item: Waiting, inbox: Inboxed, at: datetime) -> dict[str, object]:
    if isinstance(item.body, Fix):
        return _fix(item.body) | {"requests": [ask_data(ask) for ask in item.asks]}
    told = ask_data(item.body) if isinstance(item.body, Ask) else demand_data(item.body)
    return told | {"meant": meant(inbox.snapshot, item.body, at)}


def _fix(fix: Fix) -> dict[str, object]:
    return asdict(fix) | {
        "approve": fix.requirement,
        "uploaded": fix.uploaded.isoformat() if fix.uploaded else None,
    }
