"""Tampering with the database's file: whatever is done to the record is found, and the first of it is named.

Each attack is done by somebody who knows the schema, drops the triggers and has the file, but not the key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.policy import changes, ledger
from proxy.policy.ledger import Flaw
from proxy.policy.merkle import edge_of
from proxy.policy.notes import Checkpoint, Signer
from proxy.policy.proofs import entry
from proxy.store import rows
from proxy.store.sqlite import SqliteStore
from proxy.store.trail import CHAINS, Chain
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
Tamper = Callable[[sqlite3.Connection, str], object]


def gate(folder: Path, count: int = 5) -> tuple[Signer, dict[str, Checkpoint]]:
    """A store with a few records in each chain, sealed after the third and the last. Returns its last checkpoints."""
    store = SqliteStore(folder)
    signer = Signer(store.trail.instance, KEY)
    kept: dict[str, Checkpoint] = {}
    for number in range(count):
        store.commit(changes.grant([approval(wheel(f"{number}.0"), id=f"a{number}")]), ADA, AT)
        store.record([(f"u{number}", replace(RECORD, request_id=f"r{number}"))])
        for chain in CHAINS:
            if number in {2, count - 1}:
                sealed = store.trail.seal(chain, signer.sign, AT)
                assert sealed is not None
                kept[chain] = signer.trust.read(sealed.note)
    assert not list(store.verify(signer.trust, list(kept.values())))
    store.close()
    return signer, kept


def flaws(folder: Path, signer: Signer, *kept: Checkpoint) -> list[Flaw]:
    store = SqliteStore(folder)
    found = list(store.verify(signer.trust, kept))
    store.close()
    return found


def tampered(folder: Path, table: str, tamper: Tamper) -> None:
    """Do it, with the triggers out of the way."""
    with sqlite3.connect(folder / "wicketgate.db") as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        tamper(db, table)
    db.close()


def edit(db: sqlite3.Connection, table: str) -> None:
    column = "reason" if table == "events" else "client"
    db.execute(f"update {table} set {column} = 'somebody else' where seq = 2")


def delete(db: sqlite3.Connection, table: str) -> None:
    db.execute(f"delete from {table} where seq = 2")


def reorder(db: sqlite3.Connection, table: str) -> None:
    for old, new in ((2, 100), (3, 2), (100, 3)):
        db.execute(f"update {table} set seq = {new} where seq = {old}")


def copied(db: sqlite3.Connection, table: str, seq: int) -> None:
    """Add a copy of the third record under another number."""
    columns = ", ".join(row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in {"seq", "uid"})
    name, forged = (", uid", ", 'forged'") if table == "decisions" else ("", "")
    db.execute(f"insert into {table} (seq, {columns}{name}) select {seq}, {columns}{forged} from {table} where seq = 3")


def insert_at_the_end(db: sqlite3.Connection, table: str) -> None:
    copied(db, table, 6)


def insert_before_the_first(db: sqlite3.Connection, table: str) -> None:
    copied(db, table, 0)


def insert_between(db: sqlite3.Connection, table: str) -> None:
    for seq in (5, 4):
        db.execute(f"update {table} set seq = {seq + 1} where seq = {seq}")
    copied(db, table, 4)


def truncate(db: sqlite3.Connection, table: str) -> None:
    db.execute(f"delete from {table} where seq > 3")


def rewrite(db: sqlite3.Connection, table: str) -> None:
    """Give the second record other content and every record its right hash: a chain that is intact."""
    db.row_factory = sqlite3.Row
    unpack = rows.event_record_of if table == "events" else rows.decision_record_of
    previous = ledger.GENESIS
    for row in db.execute(f"select * from {table} order by seq").fetchall():
        record = unpack(dict(row))
        if record["seq"] == 2:
            record["reason" if table == "events" else "client"] = "nothing to see"
            content = record["reason" if table == "events" else "client"]
            column = "reason" if table == "events" else "client"
            db.execute(f"update {table} set {column} = ? where seq = 2", [content])
        sealed = ledger.seal(ledger.bare(record), previous)
        db.execute(f"update {table} set previous = ?, hash = ? where seq = ?", [previous, sealed, record["seq"]])
        previous = sealed


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(
    ("tamper", "seq", "said"),
    [
        (edit, 2, "was altered"),
        (delete, 2, "is missing"),
        (reorder, 2, "does not follow"),
        (insert_at_the_end, 6, "does not follow"),
        (insert_before_the_first, 0, "added before the first"),
        (insert_between, 4, "does not follow"),
        (truncate, 4, "4 to 5 are missing"),
        (rewrite, 1, "1 to 3 are not those that were sealed"),
    ],
)
def test_what_was_done_to_a_chain_is_found_and_named(
    tmp_path: Path, chain: Chain, tamper: Tamper, seq: int, said: str
) -> None:
    signer, _ = gate(tmp_path)
    tampered(tmp_path, chain, tamper)
    found = flaws(tmp_path, signer)
    assert (found[0].seq, said in found[0].problem) == (seq, True), found


def without_checkpoints(tamper: Tamper) -> Tamper:
    """The same, hiding what was sealed as well."""

    def both(db: sqlite3.Connection, table: str) -> None:
        tamper(db, table)
        for name in ("checkpoints", "tiles"):
            db.execute(f"delete from {name} where chain = ?", [table])

    return both


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize(
    ("tamper", "seq", "said"), [(truncate, 4, "4 to 5 are missing"), (rewrite, 1, "1 to 5 are not those")]
)
def test_what_hides_its_traces_is_shown_by_a_checkpoint_kept_elsewhere(
    tmp_path: Path, chain: Chain, tamper: Tamper, seq: int, said: str
) -> None:
    signer, kept = gate(tmp_path)
    tampered(tmp_path, chain, without_checkpoints(tamper))
    if tamper is rewrite or chain == "decisions":
        assert not [flaw for flaw in flaws(tmp_path, signer) if "sealed" in flaw.problem]
    found = flaws(tmp_path, signer, kept[chain])
    named = next(flaw for flaw in found if said in flaw.problem)
    assert named.seq == seq


@pytest.mark.parametrize("chain", CHAINS)
def test_who_has_no_key_cannot_seal_what_he_rewrote(tmp_path: Path, chain: Chain) -> None:
    signer, _ = gate(tmp_path)
    mine = Signer(signer.instance, Ed25519PrivateKey.generate())

    def resealed(db: sqlite3.Connection, table: str) -> None:
        rewrite(db, table)
        hashes = [entry(row[0]) for row in db.execute(f"select hash from {table} order by seq")]
        for size in (3, 5):
            root = edge_of(hashes[:size]).root()
            note = mine.sign(chain, size, root)
            values = [root, note, table, size]
            db.execute("update checkpoints set root = ?, note = ? where chain = ? and size = ?", values)

    tampered(tmp_path, chain, resealed)
    found = flaws(tmp_path, signer)
    assert (found[0].seq, "cannot be believed" in found[0].problem) == (3, True)


def test_a_checkpoint_that_was_edited_is_found(tmp_path: Path) -> None:
    signer, _ = gate(tmp_path)
    statement = "update checkpoints set note = replace(note, char(10) || '3' || char(10), '4')"
    tampered(tmp_path, "checkpoints", lambda db, _: db.execute(statement))
    assert "cannot be believed" in flaws(tmp_path, signer)[0].problem


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update entries set body = replace(body, 'ada', 'eve') where id = 'gone'", "entry gone is not what any event"),
        ("update entries set body = replace(body, 'ada', 'eve') where id = 'a0'", "entry a0 is not what any event"),
        ("delete from entries where id = 'gone'", "entry gone, put by event 6, is gone"),
        ("update entries set ended_seq = 3 where id = 'gone'", "entry gone did not end as event 3 says"),
        ("update entries set ended_seq = null where id = 'gone'", "entry gone did not end as event 7 says"),
        ("update entries set ended_seq = 5 where id = 'a0'", "entry a0 did not end as event 5 says"),
        ("update entries set put_seq = 99 where id = 'a0'", "entry a0, put by event 1, is gone"),
    ],
)
def test_the_history_of_entries_is_vouched_for(tmp_path: Path, statement: str, said: str) -> None:
    signer, _ = gate(tmp_path)
    store = SqliteStore(tmp_path)
    ended = approval(wheel("9.0"), id="gone")
    store.commit(changes.grant([ended]), ADA, AT)
    store.commit(changes.revoke([ended], "no longer"), ADA, AT)
    assert not list(store.verify(signer.trust))
    store.close()
    tampered(tmp_path, "entries", lambda db, _: db.execute(statement))
    assert said in flaws(tmp_path, signer)[0].problem


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("statement", ["delete from times", "update times set first = 3", "update times set last = 2"])
def test_times_that_hide_records_are_found(tmp_path: Path, chain: Chain, statement: str) -> None:
    signer, _ = gate(tmp_path)
    tampered(tmp_path, chain, lambda db, table: db.execute(f"{statement} where chain = ?", [table]))
    said = f"{chain} 1 to 5 cannot be found by their time: restore a backup"
    assert flaws(tmp_path, signer) == [Flaw(1, said)]


def test_broken_rows_are_flaws_and_not_failures(tmp_path: Path) -> None:
    signer, _ = gate(tmp_path)

    def broken(db: sqlite3.Connection, _: str) -> None:
        db.execute("update events set detail = 'not json', hash = 'no hash' where seq = 2")
        db.execute("update decisions set codes = '{' where seq = 2")

    tampered(tmp_path, "events", broken)
    found = flaws(tmp_path, signer)
    assert found[0] == Flaw(2, "event 2 was altered: its content does not give its hash")
    assert [flaw for flaw in found if flaw.problem.startswith("decision 2 was altered")]


def test_the_record_is_spelt_the_same_in_the_row_and_in_the_hash(tmp_path: Path) -> None:
    gate(tmp_path, 3)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        (codes,) = db.execute("select codes from decisions where seq = 1").fetchone()
    db.close()
    assert json.loads(codes) == ["approved"]
