"""What installers wanted: the record of decisions summed up by file, fast over hundreds of thousands of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlite_utils import Database

from proxy.model import Wanted
from proxy.store import chains
from proxy.store.rows import instant, moment

# From where the time begins the rows are read in the order in which they lie; `+at` keeps the planner to that.
_SQL = """
    select channel, project, version, filename, sha256, sum(count) as count,
        sum(iif(verdict = 'refused', count, 0)) as refused, max(at) as last,
        group_concat(distinct client) as clients, group_concat(distinct token) as tokens
    from (
        select channel, project, version, sha256, count, verdict, client, token, at,
            iif(what = 'metadata', substr(filename, 1, length(filename) - length('.metadata')), filename) as filename
        from decisions
        where seq >= :first and +at >= :since
            and project <> '' and (what <> 'metadata' or verdict = 'refused')
            and (:verdict = '' or verdict = :verdict)
    )
    group by channel, project, version, filename, sha256
"""


def lines(reader: Database, since: datetime, verdict: str) -> Iterator[Wanted]:
    """Yield what was wanted since then, with one verdict or ("") with any."""
    first, _ = chains.between(reader, "decisions", since, None)
    for row in reader.query(_SQL, {"first": first, "since": instant(since), "verdict": verdict}):
        names = {column: _names(row[column]) for column in ("clients", "tokens")}
        yield Wanted(**{**row, **names, "last": moment(row["last"])})


def _names(laid_together: str) -> tuple[str, ...]:
    """Return names that SQL laid together: neither an address nor a token's name holds a comma."""
    return tuple(sorted(filter(None, laid_together.split(","))))
