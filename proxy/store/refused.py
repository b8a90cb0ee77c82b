"""What was refused, by project: the demand that collects in the inbox by itself.

Decided here:

* One line a project, however often it was refused, with everybody who wanted it.
* Names are anybody's to make up, so only the most wanted ones are told.
* pip looks at its own page after it installed something, to say that there is a newer pip. Nobody wanted that: what
  pip was refused of pip counts from a file on, which it asks for only where somebody installs one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from packaging.utils import NormalizedName
from sqlite_utils import Database

from proxy.model import Build, Demand
from proxy.store.rows import instant, moment

PROJECTS_AT_MOST = 2_000
CI = " CI"
"""How the record says of an installer that it runs in CI (see :func:`proxy.web.http.agent_of`)."""

_SQL = """
with refused as (
    select * from decisions
    where verdict = 'refused' and at >= :since and project <> '' and (:project = '' or project = :project)
        and not (project = 'pip' and what = 'page' and agent like 'pip/%')),
wanted as (
    select project, sum(count) as times from refused group by project order by 2 desc, max(at) desc limit :most)
select project, times, client, token, agent, channel, codes, sum(count) as count, min(at) as first, max(at) as last
from refused join wanted using (project)
group by project, client, token, agent, channel, codes
order by times desc, project
"""

Row = Mapping[str, Any]


def demand(db: Database, since: datetime, project: str) -> list[Demand]:
    """Return what was refused since then, of one project or ("") of all, the most wanted first."""
    found = db.query(_SQL, {"since": instant(since), "project": project, "most": PROJECTS_AT_MOST})
    return [_line(NormalizedName(name), list(rows)) for name, rows in groupby(found, lambda row: str(row["project"]))]


def _line(project: NormalizedName, rows: list[Row]) -> Demand:
    builds = _counted(rows, "agent", "channel")
    return Demand(
        project=project,
        count=sum(row["count"] for row in rows),
        clients=tuple(client for (client,), _ in _counted(rows, "client")),
        tokens=tuple(token for (token,), _ in _counted(rows, "token") if token),
        builds=tuple(Build(agent.removesuffix(CI), agent.endswith(CI), at, count) for (agent, at), count in builds),
        codes=tuple(sorted({code for row in rows for code in json.loads(row["codes"])})),
        first=moment(min(row["first"] for row in rows)),
        last=moment(max(row["last"] for row in rows)),
    )


def _counted(rows: Iterable[Row], *columns: str) -> list[tuple[tuple[str, ...], int]]:
    """Return what stands in some columns, with how often it asked, the most often first."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        counts[tuple(row[column] for column in columns)] += row["count"]
    return counts.most_common()
