"""What happened in a period, from what is kept of it: a report that comes out the same whenever it is made again.

Pure. Decided here:

* A period has a beginning (included) and an end (not included). What "is in force" is so at its end.
* Times between two things are told as count, mean and median, in whole seconds; none where nothing was measured.
* From an advisory to its refusal is from the day it says it was published (or else modified) to the moment at which
  the gate withheld what had been approved or handed out. From a request to its decision, until it left the inbox.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxy.model import Approval, Ask, AuditEvent, Entry, FeedState, Prohibition, Waiver

Data = dict[str, object]
TROUBLE = frozenset({"audit:log:flawed", "audit:log:contradicted", "audit:decisions:gap", "audit:key:replaced"})


@dataclass(frozen=True, slots=True)
class Lifetime:
    """An entry, when it was put, and when, how and by whom it was ended (None and "" where it was not).

    ``replaced``: by another of the same id, which goes on.
    """

    entry: Entry
    put_at: datetime
    ended_at: datetime | None = None
    ended_tag: str = ""
    ended_by: str = ""
    ended_reason: str = ""
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """Decisions of a period, folded ones by their count. ``archived`` of it are no longer there to be counted."""

    verdicts: Mapping[str, int]
    reasons: Mapping[str, int]
    files: int
    clients: int
    archived: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report is made of. ``refused`` is how long it took from each advisory to its refusal."""

    since: datetime
    until: datetime
    lifetimes: Sequence[Lifetime]
    tally: Tally
    events: Sequence[AuditEvent]
    refused: Sequence[timedelta]

    def within(self, at: datetime | None) -> bool:
        """Whether a time falls into the period."""
        return at is not None and self.since <= at < self.until


def report(facts: Facts) -> Data:
    """Return the report as JSON data."""
    return {
        "since": facts.since.isoformat(),
        "until": facts.until.isoformat(),
        "decisions": _decisions(facts.tally),
        "approvals": [_approval(life) for life in _put(facts, Approval)],
        "revoked": [_ended(life) for life in _ended_within(facts, Approval)],
        "exceptions": [_approval(life) for life in _exceptions(facts)],
        "prohibitions": [_prohibition(life) for life in _put(facts, Prohibition)],
        "waivers": {
            "in_force": [_waiver(life, facts) for life in _lives(facts, Waiver) if _in_force(life, facts)],
            "ended": [_waiver(life, facts) for life in _lives(facts, Waiver) if facts.within(_waiver_end(life))],
        },
        "advisory_data": _feed(facts),
        "times": {
            "from_request_to_decision": _times(_decided(facts)),
            "from_advisory_to_refusal": _times(facts.refused),
            "requests_waiting": sum(1 for life in _lives(facts, Ask) if _in_force(life, facts)),
        },
        "record": _record(facts),
    }


def _lives(facts: Facts, kind: type[Entry]) -> list[Lifetime]:
    return [life for life in facts.lifetimes if isinstance(life.entry, kind) and life.put_at < facts.until]


def _put(facts: Facts, kind: type[Entry]) -> list[Lifetime]:
    again = {(life.entry.id, life.ended_at) for life in facts.lifetimes if life.replaced}
    return [
        life for life in _lives(facts, kind) if facts.within(life.put_at) and (life.entry.id, life.put_at) not in again
    ]


def _ended_within(facts: Facts, kind: type[Entry]) -> list[Lifetime]:
    return [life for life in _lives(facts, kind) if facts.within(life.ended_at) and not life.replaced]


def _in_force(life: Lifetime, facts: Facts) -> bool:
    until = getattr(life.entry, "until", None)
    over = life.ended_at is not None and life.ended_at < facts.until
    return not over and (until is None or until > facts.until)


def _exceptions(facts: Facts) -> list[Lifetime]:
    """Return the emergencies that were declared in the period, or were in force at its end."""
    lives = [life for life in _lives(facts, Approval) if isinstance(life.entry, Approval) and life.entry.emergency]
    return [life for life in lives if facts.within(life.put_at) or _in_force(life, facts)]


def _decisions(tally: Tally) -> Data:
    return {
        "verdicts": dict(sorted(tally.verdicts.items())),
        "reasons_of_refusals": dict(sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0]))),
        "files_handed_out": tally.files,
        "clients": tally.clients,
        "archived": tally.archived,
    }


def _approval(life: Lifetime) -> Data:
    approval = life.entry
    assert isinstance(approval, Approval)  # noqa: S101  chosen by kind
    return {
        "at": life.put_at.isoformat(),
        "project": approval.project,
        "specifier": approval.specifier,
        "channel": approval.channel,
        "by": approval.by,
        "reason": approval.reason,
        "ticket": approval.ticket,
        "until": approval.until.isoformat() if approval.until else None,
        "standing": approval.standing,
        "acknowledged": list(approval.acknowledged),
        "reviewed": approval.reviewed,
        "files": len(approval.files),
        "ended": life.ended_at.isoformat() if life.ended_at and not life.replaced else None,
    }


def _ended(life: Lifetime) -> Data:
    return {**_approval(life), "ended_by": life.ended_by, "ended_reason": life.ended_reason}


def _prohibition(life: Lifetime) -> Data:
    entry = life.entry
    assert isinstance(entry, Prohibition)  # noqa: S101  chosen by kind
    said = {"project": entry.project, "specifier": entry.specifier, "channel": entry.channel}
    return {"at": life.put_at.isoformat(), **said, "by": entry.by, "reason": entry.reason}


def _waiver(life: Lifetime, facts: Facts) -> Data:
    waiver = life.entry
    assert isinstance(waiver, Waiver)  # noqa: S101  chosen by kind
    ended = _waiver_end(life)
    return {
        "advisory": waiver.advisory,
        "project": waiver.project,
        "specifier": waiver.specifier,
        "channel": waiver.channel,
        "by": waiver.by,
        "reason": waiver.reason,
        "at": life.put_at.isoformat(),
        "until": waiver.until.isoformat(),
        "ended": ended.isoformat() if ended < facts.until else None,
        "ended_by": life.ended_by,
        "ended_reason": life.ended_reason,
    }


def _waiver_end(life: Lifetime) -> datetime:
    """Return when a waiver ends: of itself, or when somebody ended it before."""
    assert isinstance(life.entry, Waiver)  # noqa: S101  chosen by kind
    return min(life.entry.until, life.ended_at) if life.ended_at else life.entry.until


def _feed(facts: Facts) -> Data | None:
    feeds = [life.entry for life in _lives(facts, FeedState)]
    if not feeds or not isinstance(feeds[-1], FeedState):
        return None
    feed = feeds[-1]
    return {
        "source": feed.source,
        "records": feed.records,
        "newest": feed.newest.isoformat(),
        "age_seconds": int((facts.until - feed.newest).total_seconds()),
        "synced": feed.synced.isoformat(),
        "since_sync_seconds": int((facts.until - feed.synced).total_seconds()),
    }


def _decided(facts: Facts) -> list[timedelta]:
    lives = _ended_within(facts, Ask)
    return [life.ended_at - life.entry.at for life in lives if life.ended_at and isinstance(life.entry, Ask)]


def _times(spans: Iterable[timedelta]) -> Data:
    seconds = sorted(max(0, int(span.total_seconds())) for span in spans)
    return {
        "count": len(seconds),
        "mean_seconds": round(statistics.fmean(seconds)) if seconds else None,
        "median_seconds": round(statistics.median(seconds)) if seconds else None,
    }


def _record(facts: Facts) -> Data:
    found = [event for event in facts.events if facts.within(event.at)]
    checks = [event for event in found if event.tag in {"audit:log:verified", "audit:log:flawed"}]
    return {
        "verified": [{"at": event.at.isoformat(), "intact": event.tag == "audit:log:verified"} for event in checks],
        "trouble": [
            {"at": event.at.isoformat(), "tag": event.tag, "what": event.reason}
            for event in found
            if event.tag in TROUBLE
        ],
    }
