"""What decisions add up to: who was handed what out, how far it went, and what a period saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlite_utils import Database

from proxy.model import HandedOut
from proxy.policy.reporting import Tally
from proxy.store import Reach, chains, rows, words
from proxy.store.sql import where

_HANDED_OUT = "what = 'file' and verdict <> 'refused'"
"""In these words, or the index that answers it is not used (:mod:`proxy.store.migrations`)."""

_NAMES_AT_ONCE = 500
"""A database takes only so many names in one question."""


def handed_out(db: Database, projects: Collection[str], version: str, sha256: str, most: int) -> list[HandedOut]:
    """Return who got files of these projects (or the file with this digest), the newest first, ``most`` of them."""
    named = "seq in (select rowid from decisions_words where decisions_words match ?)"
    clause, values = where((version, "version = ?"), (sha256, "sha256 = ?"), (words.naming(sha256), named))
    scope = f"project in ({_marks(projects)})" if projects else "true"
    sql = f"""select project, version, client, token, token_id, agent, sum(count), min(at), max(at) as last
        from decisions
        {clause or "where true"} and {scope} and {_HANDED_OUT}
        group by project, version, client, token, token_id, agent order by last desc limit ?"""  # noqa: S608  our own constants
    return [rows.handed_out_of(row) for row in db.execute(sql, [*values, *projects, most])]


def reach(db: Database, projects: Sequence[str]) -> list[Reach]:
    """Return every release of these projects that anybody got files of, the one got last first."""
    parts = [projects[start : start + _NAMES_AT_ONCE] for start in range(0, len(projects), _NAMES_AT_ONCE)]
    sql = """select project, version, count(distinct client), sum(count), max(at) from decisions
        where project in ({}) and {} group by project, version"""
    found = [row for part in parts for row in db.execute(sql.format(_marks(part), _HANDED_OUT), part)]
    return sorted(map(rows.reach_of, found), key=lambda each: each.last, reverse=True)


def tally(db: Database, since: datetime, until: datetime) -> Tally:
    """Return what the decisions of a period add up to."""
    first, last = chains.between(db, "decisions", since, until)
    values = [first, last, rows.instant(since), rows.instant(until)]
    here = "from decisions where seq between ? and ? and at >= ? and at < ?"
    sql = f"select verdict, what, codes, sum(count) as count {here} group by 1, 2, 3"
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    files = 0
    for row in db.query(sql, values):
        verdicts[row["verdict"]] += row["count"]
        files += row["count"] if row["what"] == "file" and row["verdict"] != "refused" else 0
        if row["verdict"] == "refused":
            reasons.update({str(code): row["count"] for code in rows.listed(row["codes"])})
    clients = next(db.query(f"select count(distinct client) as count {here}", values))["count"]
    begun = next(db.query("select coalesce(max(last), 0) as last from segments"))["last"]
    return Tally(dict(verdicts), dict(reasons), files, clients, max(0, min(last, begun) - first + 1))


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))
