"""What decisions add up to: what was refused and by whom it was wanted, and who was handed something out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlite_utils import Database

from proxy.model import HandedOut
from proxy.policy.reporting import Tally
from proxy.store import Demand, chains, rows, words
from proxy.store.sql import where


def demand(db: Database, since: datetime) -> list[Demand]:
    """Return what was refused since then, by project, most wanted first."""
    sql = """select project, sum(count) as count, count(distinct client) as clients, min(at) as first,
             max(at) as last, json_group_array(distinct codes) as codes from decisions
             where verdict = 'refused' and at >= ? group by project order by 2 desc, 5 desc limit 500"""
    return [_demand(row) for row in db.query(sql, [rows.instant(since)])]


def handed_out(db: Database, projects: Collection[str], version: str, sha256: str) -> list[HandedOut]:
    """Return who got files of these projects (or the file with this digest), the newest first."""
    clause, values = where((version, "d.version = ?"), (sha256, "d.sha256 = ?"))
    marks = ", ".join("?" for _ in projects)
    scope = f"d.project in ({marks})" if projects else "true"
    sql = f"""select d.project, d.version, d.client, d.token, d.agent, count(*) as count, min(d.at) as first,
        max(d.at) as last from decisions_words w cross join decisions d on d.seq = w.rowid
        {clause or "where true"} and {scope} and d.what = 'file' and d.verdict != 'refused'
        and w.decisions_words match ?
        group by 1, 2, 3, 4, 5 order by last desc"""  # noqa: S608  our own constants
    found = db.query(sql, [*values, *projects, words.handed_out(projects, version, sha256)])
    return [HandedOut(**{**row, "first": rows.moment(row["first"]), "last": rows.moment(row["last"])}) for row in found]


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


def _demand(row: Mapping[str, str]) -> Demand:
    codes = {str(code) for part in json.loads(row["codes"]) for code in rows.listed(part)}
    first, last = rows.moment(row["first"]), rows.moment(row["last"])
    return Demand(row["project"], int(row["count"]), int(row["clients"]), first, last, tuple(sorted(codes)))
