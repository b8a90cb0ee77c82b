"""What was answered, by day and verdict: the record of decisions summed up for a picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from sqlite_utils import Database

from proxy.model import Answered
from proxy.store import chains
from proxy.store.rows import instant

_SQL = """
    select substr(at, 1, 10) as day, verdict, sum(count) as count from decisions
    where seq >= :first and +at >= :since
    group by day, verdict order by day, verdict
"""


def lines(reader: Database, since: datetime) -> Iterator[Answered]:
    """Yield how often each verdict was given on each day (UTC) since then."""
    first, _ = chains.between(reader, "decisions", since, None)
    for row in reader.query(_SQL, {"first": first, "since": instant(since)}):
        yield Answered(date.fromisoformat(row["day"]), row["verdict"], row["count"])
