"""Searching the two chains: by any facts and words together, from either side.

Decided here:

* The full-text index says which records may be meant, in the order of their numbers; the rows say which are.
* What is not in the index (times, and where a page begins) narrows the range of numbers that is looked at.
"""

from __future__ import annotations

from sqlite_utils import Database

from proxy.model import AuditEvent
from proxy.store import Decision, rows, words
from proxy.store.chains import LAST, between
from proxy.store.filters import DEFAULT_CHANNEL, DecisionFilter, EventFilter
from proxy.store.sql import where


def events(db: Database, wanted: EventFilter) -> list[AuditEvent]:
    """Return matching audit events, newest first."""
    exactly = where(
        (wanted.project, "instr(' ' || r.project || ' ', ' ' || ? || ' ')"),
        (wanted.tag.rstrip(":"), "(r.tag || ':') like (? || ':%')"),
        (wanted.actor, "? in (json_extract(r.actor, '$.name'), json_extract(r.actor, '$.id'))"),
        (wanted.client, "json_extract(r.actor, '$.address') = ?"),
        *_times(wanted),
    )
    return [rows.event_of(rows.event_record_of(row)) for row in _rows(db, "events", wanted, exactly)]


def decisions(db: Database, wanted: DecisionFilter) -> list[Decision]:
    """Return matching decisions, newest first."""
    channel = "" if wanted.channel == DEFAULT_CHANNEL else wanted.channel
    exactly = where(
        (wanted.project, "r.project = ?"),
        (wanted.version, "r.version = ?"),
        (wanted.sha256.lower(), "r.sha256 = ?"),
        (wanted.client, "r.client = ?"),
        (wanted.token, "? in (r.token, r.token_id)"),
        (wanted.verdict, "r.verdict = ?"),
        (wanted.what, "r.what = ?"),
        (wanted.code, "instr(r.codes, '\"' || ? || '\"')"),
        (channel, "r.channel = ?"),
        *_times(wanted),
    )
    found = _rows(db, "decisions", wanted, exactly)
    return [Decision(int(str(row["seq"])), rows.decision_of(rows.decision_record_of(row))) for row in found]


def _times(wanted: EventFilter | DecisionFilter) -> tuple[tuple[object, str], tuple[object, str]]:
    since, until = wanted.since, wanted.until
    return (since and rows.instant(since), "r.at >= ?"), (until and rows.instant(until), "r.at < ?")


def _rows(
    db: Database, chain: str, wanted: EventFilter | DecisionFilter, exactly: tuple[str, list[object]]
) -> list[rows.Record]:
    """Return the rows that a filter means, newest first."""
    if words.unfindable(wanted):
        return []
    first, last = _range(db, chain, wanted)
    sought = words.sought(wanted)
    newest_first = wanted.before_seq is not None or wanted.after_seq is None
    source = f"{chain}_words w cross join {chain} r on r.seq = w.rowid" if sought else f"{chain} r"
    place = "w.rowid" if sought else "r.seq"
    matching = f"and w.{chain}_words match ?" if sought else ""
    sql = f"""select r.* from {source} {exactly[0] or "where true"} and {place} >= ? and {place} <= ? {matching}
        order by {place} {"desc" if newest_first else "asc"} limit ?"""  # noqa: S608  our own names and clauses
    values = [*exactly[1], first, last, *([sought] if sought else []), wanted.limit]
    found = list(db.query(sql, values))
    return found if newest_first else found[::-1]


def _range(db: Database, chain: str, wanted: EventFilter | DecisionFilter) -> tuple[int, int]:
    first, last = between(db, chain, wanted.since, wanted.until)
    if wanted.before_seq is not None:
        last = min(last, wanted.before_seq - 1)
    if wanted.after_seq is not None:
        first = max(first, wanted.after_seq + 1)
    return max(first, 0), min(last, LAST)
