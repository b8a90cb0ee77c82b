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

_SQL = """select e.id, e.kind, e.project, e.body, e.put_seq, events.detail from entries e
    left join events on events.seq = e.put_seq where e.ended_seq is null and e.put_seq > ? order by e.put_seq"""


def in_force(db: Database, after_seq: int) -> Iterator[Entry]:
    """Yield the entries in force that were put after an event. Raises StoreError for one that no event granted."""
    seq, said = -1, {}
    for row in db.query(_SQL, [after_seq]):
        if row["put_seq"] != seq:
            seq, said = row["put_seq"], json.loads(row["detail"] or "{}").get("entries", {})
        if not rows.vouched(said.get(row["id"]), row):
            sentence = (
                f"The database holds {row['id']!a}, which is not what event {seq} put there: somebody altered it."
            )
            raise StoreError(f"{sentence} {rows.RESTORE}")
        yield rows.entry_of(row["kind"], row["body"])
