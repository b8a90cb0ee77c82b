"""What the first gates wrote stays what it was: found, sealed and verified by every later one."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlite_utils import Database

from proxy.policy import changes
from proxy.policy.ledger import GENESIS
from proxy.policy.notes import Signer
from proxy.store import DecisionFilter, EventFilter, rows
from proxy.store.migrations import migrations
from proxy.store.sql import insert
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD


def test_a_database_of_the_first_gates_is_searched_sealed_and_verified(tmp_path: Path) -> None:
    db = Database(sqlite3.connect(tmp_path / "wicketgate.db", isolation_level=None))
    migrations.apply(db, stop_before="trail")
    event = rows.event_record(changes.grant([approval(wheel(), id="one")]), ADA, AT, 1, 1)
    insert(db, "entries", rows.entry_row(approval(wheel(), id="one"), 1))
    insert(db, "events", rows.event_row({**event, "previous": GENESIS, "hash": before_the_trail(event, GENESIS)}))
    previous = GENESIS
    for seq in range(1, 4):
        observed = replace(RECORD, verdict="observed", at=AT + timedelta(hours=seq), agent='ünï "\x01\u2028\x7f😀"')
        line = rows.decision_line(f"u{seq}", observed, seq)
        hashed = {name: said for name, said in msgspec.structs.asdict(line).items() if name != "token_id"}
        found = before_the_trail(hashed, previous)
        row = dict(zip(rows.DECISION_COLUMNS, rows.decision_values(line, previous, found), strict=True))
        insert(db, "decisions", {name: value for name, value in row.items() if name != "token_id"})
        previous = found
    db.conn.close()
    store = SqliteStore(tmp_path)
    assert not list(store.verify())
    store.record([("u4", replace(RECORD, token="ci", token_id="token:2"))])
    assert [each.seq for each in store.events(EventFilter(tag="project:approval"))] == [1]
    late = DecisionFilter(client=RECORD.client, text="ünï", since=AT + timedelta(hours=2))
    assert [each.seq for each in store.decisions(late)] == [3, 2]
    assert [line.count for line in store.handed_out(["flask"])] == [3, 1]
    signer = Signer(store.trail.instance, Ed25519PrivateKey.generate())
    sealed = store.trail.seal("decisions", signer.sign, AT)
    assert sealed is not None
    assert sealed.size == 4
    assert not list(store.verify(signer.trust))
    store.close()


def before_the_trail(record: rows.Record, previous: str) -> str:
    """The hash as the first gates made it, with the standard library's JSON."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"wicketgate:1\n{previous}\n{text}".encode()).hexdigest()
