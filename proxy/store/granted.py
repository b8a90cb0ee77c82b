"""What is in force, and that it was put there: an entry counts when the event that put it vouches for it.

Who writes to the database without the gate changes no decision by that: he would have to rewrite an event as well,
which the chain of events shows (:mod:`proxy.store.verifying`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.model import Entry
from proxy.store import rows

_EVENTS = "select seq, json_extract(detail, '$.entries'), json_extract(detail, '$.ended') from events where seq > ?"
_ENTRIES = """select id, kind, project, body, put_seq from entries where ended_seq is null and put_seq > ?
    order by put_seq"""


def in_force(db: Database, after_seq: int) -> Iterator[Entry]:
    """Yield the entries in force that were put after an event.

    Raises StoreError for one that no event granted, or that another event has replaced or ended since.
    """
    said: dict[int, dict[str, object]] = {}
    moved: dict[str, int] = {}
    for seq, entries, ended in db.execute(_EVENTS, [after_seq]):
        said[seq] = json.loads(entries or "{}")
        moved.update(dict.fromkeys((*said[seq], *json.loads(ended or "[]")), seq))
    for row in db.query(_ENTRIES, [after_seq]):
        name, seq = row["id"], row["put_seq"]
        if moved.get(name) != seq or not rows.vouched(said[seq].get(name), row):
            sentence = f"The database holds {name!a}, which is not what event {seq} put there: it was altered."
            raise StoreError(f"{sentence} {rows.RESTORE}")
        yield rows.entry_of(row["kind"], row["body"])
