"""Whether the advisories that are kept are those that the log says were put in force.

Decided here:

* An event that writes advisories vouches for all of them as they are afterwards, with what is packed for matching:
  by one digest over the three tables. Nothing is kept beside the log that could be edited with them.
* What was edited before is not taken over in silence by the next event: that one names the digest that it found.
* Databases from before such events have none until the first sync that brings anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

import msgspec
from sqlite_utils import Database

from proxy.policy.ledger import Flaw

AFTER, FOUND = "advisories_sha256", "advisories_found_sha256"
_TABLES = (
    "select id, modified, digest, record from advisories order by id",
    "select project, id from advisory_links order by project, id",
    "select project, packed from advisory_projects order by project",
)
_RECORDS = "select id, digest, record from advisories order by id"
_NEXT = "restore a backup (wicketgate restore), then run wicketgate advisories sync"
_encode = msgspec.msgpack.Encoder().encode


def digest(db: Database) -> str:
    """Return the SHA-256, in hex, over every row of the three tables. 25,000 records take a fraction of a second."""
    whole = hashlib.sha256()
    for sql in _TABLES:
        for row in db.execute(sql):
            whole.update(_encode(row))
        whole.update(_encode(None))
    return whole.hexdigest()


def before(db: Database) -> Mapping[str, str]:
    """Return what an event must tell that is about to write advisories: {} where they are what was vouched for."""
    last = next(_vouching(db, "desc limit 1"), None)
    found = digest(db) if last else ""
    return {FOUND: found} if last and last[1].get(AFTER) != found else {}


def flaws(db: Database) -> Iterator[Flaw]:
    """Yield what was edited: now, named by the event that vouched for it last, and before any event that wrote more."""
    with db.atomic():
        events = list(_vouching(db, "asc"))
        now = digest(db) if events else ""
        damaged = [identity for identity, kept, record in db.execute(_RECORDS) if kept != _sha256(record)]
    for seq, detail in events:
        if FOUND in detail:
            yield Flaw(seq, f"the advisories had been edited before event {seq}: {_NEXT}")
    for identity in damaged:
        yield Flaw(events[-1][0] if events else 0, f"the advisory {identity} was edited: {_NEXT}")
    if events and events[-1][1].get(AFTER) != now:
        yield Flaw(events[-1][0], f"the advisories are not those that event {events[-1][0]} put in force: {_NEXT}")


def _sha256(record: object) -> str:
    return hashlib.sha256(record).hexdigest() if isinstance(record, bytes) else ""


def _vouching(db: Database, order: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the number and the detail of each event that wrote advisories. A broken detail is the chain's matter."""
    sql = f"select seq, detail from events where instr(detail, ?) order by seq {order}"  # noqa: S608  our own words
    for seq, text in db.execute(sql, [f'"{AFTER}": ']):
        try:
            detail = json.loads(text)
        except ValueError:
            continue
        if isinstance(detail, dict) and AFTER in detail:
            yield seq, detail
