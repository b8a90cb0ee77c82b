"""What the API and the pages tell of the day, and of projects as far as this gate knows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from packaging.utils import NormalizedName

from admin.actions import About, Inboxed, Seen
from admin.actions.today import TRAFFIC
from admin.schemas.inbox import SECTIONS
from admin.schemas.told import approval_data, event_data, holder_data, waiver_data
from proxy.policy import explaining
from proxy.policy.withheld import Withheld
from proxy.store import Reach

VERDICTS = ("allowed", "observed", "refused")
TURNED_SHOWN = 50

Data = dict[str, object]


def today_data(seen: Seen, inbox: Inboxed, proposals: int) -> Data:
    """Return the day as JSON data."""
    return {
        "waiting": {name: inbox.counts[section] for section, name in SECTIONS.items()}
        | {"emergencies": len(inbox.emergencies), "late_files": len(inbox.late), "proposals": proposals},
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


def turned_data(withheld: Sequence[Withheld], reach: Mapping[tuple[NormalizedName, str], Reach]) -> Data:
    """Return what turned bad as JSON data."""
    shown = [_turned(bad, reach.get((bad.project, bad.version))) for bad in withheld[:TURNED_SHOWN]]
    return {"turned_bad": shown, "turned_bad_total": len(withheld)}


def _turned(bad: Withheld, reach: Reach | None) -> Data:
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


def _days(seen: Seen) -> list[Data]:
    """Return every day of the time shown with what was answered, those without anything included."""
    counts: dict[tuple[date, str], int] = defaultdict(int)
    for line in seen.answered:
        counts[line.day, line.verdict] += line.count
    first = (seen.at - TRAFFIC).date()
    days = [first + timedelta(days=n) for n in range(TRAFFIC.days + 1)]
    return [{"day": day.isoformat()} | {verdict: counts[day, verdict] for verdict in VERDICTS} for day in days]


def about_data(about: About, at: datetime) -> Data:
    """Return what is known of a project as JSON data."""
    return {
        "project": about.project,
        "approvals": [approval_data(approval) for approval in about.approvals],
        "prohibitions": [asdict(entry) | {"at": entry.at.isoformat()} for entry in about.prohibitions],
        "waivers": [waiver_data(waiver, at) for waiver in about.waivers],
        "handed_out": [holder_data(line) for line in about.handed_out],
        "events": [event_data(event) for event in about.events],
    }
