"""What decisions add up to: who was handed what out, how far it went, and what a period saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlite_utils import Database

from proxy.model import HandedOut
from proxy.policy.reporting import Tally
from proxy.store import Reach, chains, rows, words
from proxy.store.sql import where

_HANDED_OUT = """from decisions_words w cross join decisions d on d.seq = w.rowid
    where w.decisions_words match ? and d.what = 'file' and d.verdict <> 'refused'"""


def handed_out(db: Database, projects: Collection[str], version: str, sha256: str, most: int) -> list[HandedOut]:
    """Return who got files of these projects (or the file with this digest), the newest first, ``most`` of them."""
    clause, values = where((version, "d.version = ?"), (sha256, "d.sha256 = ?"))
    scope = f"d.project in ({', '.join('?' * len(projects))})" if projects else "true"
    sql = f"""select d.project, d.version, d.client, d.token, d.agent, count(*), min(d.at), max(d.at) as last
        {_HANDED_OUT} {clause.replace("where", "and", 1)} and {scope}
        group by 1, 2, 3, 4, 5 order by last desc limit ?"""
    sought = words.handed_out(projects, version, sha256)
    return [rows.handed_out_of(row) for row in db.execute(sql, [sought, *values, *projects, most])]


def reach(db: Database, projects: Iterable[str]) -> list[Reach]:
    """Return every release of these projects that anybody got files of, the one got last first."""
    sql = f"""select d.project, d.version, count(distinct d.client), count(*), max(d.at)
        {_HANDED_OUT} and d.project = ? group by 2"""
    asked = ((words.handed_out([project], "", ""), project) for project in projects)
    found = [rows.reach_of(row) for values in asked for row in db.execute(sql, values)]
    return sorted(found, key=lambda each: each.last, reverse=True)


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
