"""What the API and the pages tell of the day, and of projects as far as this gate knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from packaging.utils import NormalizedName
from typing_extensions import TypedDict

from admin.actions import About, Found, Inboxed, Seen
from admin.actions.today import TRAFFIC
from admin.schemas.told import EventOut, HolderOut, event_data, holder_data
from admin.schemas.told_policy import (
    ApprovalOut,
    ProhibitionOut,
    WaiverOut,
    approval_data,
    prohibition_data,
    waiver_data,
)
from proxy.policy import explaining
from proxy.policy.explaining import FeedData, ReasonData
from proxy.policy.waiting import Section
from proxy.policy.withheld import Withheld
from proxy.store import Reach

TURNED_SHOWN = 50


class TurnedOut(TypedDict):
    """A release that was approved or handed out and is refused now, who got it, and what to move to."""

    project: str
    version: str
    approved: bool
    channels: list[str]
    reasons: list[ReasonData]
    move_to: str | None
    clients: int
    last: str | None


class TurnedBad(TypedDict):
    """The first of what turned bad, and how much there is."""

    turned_bad: list[TurnedOut]
    turned_bad_total: int


class WaitingOut(TypedDict):
    """How much waits, by section."""

    emergencies: int
    proposals: int
    fixes: int
    requests: int
    late_files: int
    refused: int
    look_alikes: int


class DayOut(TypedDict):
    """What was answered to installers on one day (UTC)."""

    day: str
    allowed: int
    observed: int
    refused: int


class NameOut(TypedDict):
    """How often a name was refused in the last seven days."""

    project: str
    count: int


class AlikeOut(NameOut):
    """A look-alike that was refused, the project that it imitates, and how many clients asked for it."""

    meant: str
    clients: int


class TodayOut(TurnedBad):
    """The day at a glance."""

    waiting: WaitingOut
    advisory_data: FeedData
    days: list[DayOut]
    refused: list[NameOut]
    look_alikes: list[AlikeOut]
    look_alikes_total: int


def today_data(seen: Seen, inbox: Inboxed, proposals: int) -> TodayOut:
    """Return the day as JSON data."""
    return {
        "waiting": {
            "emergencies": len(inbox.emergencies),
            "proposals": proposals,
            "fixes": inbox.counts[Section.FIXES],
            "requests": inbox.counts[Section.REQUESTS],
            "late_files": len(inbox.late),
            "refused": inbox.counts[Section.REFUSED],
            "look_alikes": inbox.counts[Section.LOOK_ALIKES],
        },
        **turned_data(seen.withheld, seen.reach),
        "advisory_data": explaining.feed_data(inbox.snapshot, seen.at),
        "days": _days(seen),
        "refused": [{"project": line.project, "count": line.count} for line in seen.refused],
        "look_alikes": [
            {"project": line.project, "meant": meant, "count": line.count, "clients": len(line.clients)}
            for line, meant in seen.look_alikes
        ],
        "look_alikes_total": seen.look_alikes_total,
    }


def turned_data(withheld: Sequence[Withheld], reach: Mapping[tuple[NormalizedName, str], Reach]) -> TurnedBad:
    """Return what turned bad as JSON data."""
    shown = [_turned(bad, reach.get((bad.project, bad.version))) for bad in withheld[:TURNED_SHOWN]]
    return {"turned_bad": shown, "turned_bad_total": len(withheld)}


def _turned(bad: Withheld, reach: Reach | None) -> TurnedOut:
    return {
        "project": bad.project,
        "version": bad.version,
        "approved": bad.approved,
        "channels": list(bad.channels),
        "reasons": [explaining.reason(finding) for finding in bad.findings],
        "move_to": bad.move_to,
        "clients": reach.clients if reach else 0,
        "last": reach.last.isoformat() if reach else None,
    }


def _days(seen: Seen) -> list[DayOut]:
    """Return every day of the time shown with what was answered, those without anything included."""
    counts: dict[tuple[date, str], int] = defaultdict(int)
    for line in seen.answered:
        counts[line.day, line.verdict] += line.count
    first = (seen.at - TRAFFIC).date()
    days = [first + timedelta(days=n) for n in range(TRAFFIC.days + 1)]
    return [
        {
            "day": day.isoformat(),
            "allowed": counts[day, "allowed"],
            "observed": counts[day, "observed"],
            "refused": counts[day, "refused"],
        }
        for day in days
    ]


class FoundOut(TypedDict):
    """A project that something was said about: how many versions are approved, and how many wishes wait."""

    project: str
    versions: int
    standing: bool
    prohibited: bool
    asks: int


def found_data(found: Found) -> FoundOut:
    """Return a project that was found as JSON data."""
    return {
        "project": found.project,
        "versions": found.versions,
        "standing": found.standing,
        "prohibited": found.prohibited,
        "asks": found.asks,
    }


class AboutOut(TypedDict):
    """What is known here of a project: what was said of it, who got it last, and what was done to it last."""

    project: str
    approvals: list[ApprovalOut]
    prohibitions: list[ProhibitionOut]
    waivers: list[WaiverOut]
    handed_out: list[HolderOut]
    events: list[EventOut]


def about_data(about: About, at: datetime) -> AboutOut:
    """Return what is known of a project as JSON data."""
    return {
        "project": about.project,
        "approvals": [approval_data(approval) for approval in about.approvals],
        "prohibitions": [prohibition_data(entry) for entry in about.prohibitions],
        "waivers": [waiver_data(waiver, at) for waiver in about.waivers],
        "handed_out": [holder_data(line) for line in about.handed_out],
        "events": [event_data(event) for event in about.events],
    }
