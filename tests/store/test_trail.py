"""Sealing, proving, archiving, and what an event replaced."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.errors import StoreError
from proxy.model import Terms, Token
from proxy.policy import changes, merkle, proofs
from proxy.policy.merkle import TILE
from proxy.policy.notes import Checkpoint, Signer
from proxy.store import DecisionFilter
from proxy.store.archive import LONGEST
from proxy.store.sqlite import SqliteStore
from proxy.store.trail import Position, Segment, Shortened
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD

DAY = timedelta(days=1)
LATER = AT + 365 * DAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def signer(store: SqliteStore) -> Signer:
    return Signer(store.trail.instance, Ed25519PrivateKey.generate())


def traffic(store: SqliteStore, count: int, start: int = 0) -> None:
    """Decisions, a minute apart."""
    records = [(f"u{n}", replace(RECORD, at=AT + timedelta(minutes=n))) for n in range(start, start + count)]
    store.record(records)


def sealed(store: SqliteStore, signer: Signer) -> Checkpoint:
    made = store.trail.seal("decisions", signer.sign, AT)
    assert made is not None
    return signer.trust.read(made.note)


def test_a_checkpoint_covers_what_was_added_and_is_made_once(store: SqliteStore, signer: Signer) -> None:
    assert store.trail.seal("decisions", signer.sign, AT) is None
    traffic(store, 3)
    first = sealed(store, signer)
    assert (first.size, first.origin) == (3, f"wicketgate/{store.trail.instance}/decisions")
    assert store.trail.seal("decisions", signer.sign, AT) is None
    traffic(store, TILE * 2, 3)
    second = sealed(store, signer)
    latest = store.trail.latest("decisions")
    assert latest is not None
    assert (
        (latest.size, latest.root) == (second.size, second.root) == (3 + TILE * 2, store.trail.root("decisions", 2051))
    )
    path = store.trail.consistency("decisions", 3, second.size)
    assert path is not None
    assert merkle.consistent(3, second.size, first.root, second.root, path)
    assert [each.size for each in store.trail.sealed()] == [3, second.size]
    assert store.trail.sealed(after=latest.id) == []
    assert not list(store.verify(signer.trust, [first, second]))


@pytest.mark.parametrize("seq", [1, 3, TILE, TILE + 1, 2 * TILE + 7])
def test_any_record_is_proved_to_who_has_a_checkpoint(store: SqliteStore, signer: Signer, seq: int) -> None:
    traffic(store, 2 * TILE + 7)
    kept = sealed(store, signer)
    traffic(store, 100, 2 * TILE + 7)
    sealed(store, signer)
    proof = store.trail.prove("decisions", seq, kept.size)
    assert proof is not None
    record, checkpoint = proofs.check(proofs.read(proof.text), signer.trust, kept)
    assert (record["seq"], record["at"], checkpoint) == (
        seq,
        store.trail.records("decisions", seq - 1, 1)[0]["at"],
        kept,
    )


def test_what_is_not_there_is_not_proved(store: SqliteStore, signer: Signer) -> None:
    traffic(store, 5)
    sealed(store, signer)
    traffic(store, 5, 5)
    for seq, size in ((0, None), (6, None), (1, 4), (5, 99)):
        assert store.trail.prove("decisions", seq, size) is None
    assert store.trail.prove("events", 1) is None
    assert store.trail.consistency("decisions", 5, 11) is None
    assert store.trail.root("decisions", 11) is None


def test_a_log_that_was_cut_off_is_not_sealed(store: SqliteStore, signer: Signer, tmp_path: Path) -> None:
    traffic(store, 5)
    sealed(store, signer)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute("drop trigger decisions_never_delete")
        db.execute("delete from decisions where seq > 3")
    db.close()
    with pytest.raises(Shortened, match="end at 3, although a checkpoint over 5"):
        store.trail.seal("decisions", signer.sign, AT)


def test_old_decisions_leave_in_segments_and_the_rest_is_still_proved(
    store: SqliteStore, signer: Signer, tmp_path: Path
) -> None:
    count = LONGEST + TILE + 100
    traffic(store, count)
    kept = sealed(store, signer)
    first = store.trail.archive(LATER, count, signer.sign, LATER)
    assert first is not None
    assert (first.first, first.last) == (1, LONGEST)
    second = store.trail.archive(LATER, count, signer.sign, LATER)
    assert second is not None
    assert (second.first, second.last) == (LONGEST + 1, LONGEST + TILE)
    assert store.trail.archive(LATER, count, signer.sign, LATER) is None, "what is left is no full tile"
    assert store.trail.segments() == [first, second]
    assert [each.seq for each in store.decisions(DecisionFilter(project="flask", limit=1000))][-1] == second.last + 1
    traffic(store, 10, count)
    newest = sealed(store, signer)
    assert not list(store.verify(signer.trust, [kept, newest, signer.trust.read(first.note)]))
    for seq in (5, second.last, second.last + 1):
        proof = store.trail.prove("decisions", seq, newest.size)
        assert proof is not None
        assert proofs.check(proof, signer.trust, newest)[0]["seq"] == seq
    path = store.trail.consistency("decisions", 77, newest.size)
    assert path is not None, "a checkpoint of any size is compared, with the archive at hand"


def test_a_segments_file_alone_leads_to_its_checkpoint(store: SqliteStore, signer: Signer, tmp_path: Path) -> None:
    traffic(store, LONGEST + TILE)
    sealed(store, signer)
    store.trail.archive(LATER, LONGEST + TILE, signer.sign, LATER)
    segment = store.trail.archive(LATER, LONGEST + TILE, signer.sign, LATER)
    assert segment is not None
    about, *lines = gzip.decompress((tmp_path / "audit-archive" / segment.file).read_bytes()).splitlines()
    head = json.loads(about)
    edge = merkle.Edge(segment.first - 1, [bytes.fromhex(peak) for peak in head["edge"]])
    for line in lines:
        edge.add(proofs.entry(json.loads(line)["hash"]))
    checkpoint = signer.trust.read(head["checkpoint"])
    assert (checkpoint.size, checkpoint.root) == (segment.last, edge.root())


@pytest.mark.parametrize(
    ("before", "upto"), [(AT, 10_000), (AT + timedelta(minutes=TILE - 10), 10_000), (LATER, TILE - 1)]
)
def test_what_is_young_or_still_wanted_stays(store: SqliteStore, signer: Signer, before: object, upto: int) -> None:
    traffic(store, 2 * TILE)
    sealed(store, signer)
    assert store.trail.archive(before, upto, signer.sign, LATER) is None  # type: ignore[arg-type]  # a datetime


def test_what_is_not_sealed_or_was_altered_is_not_archived(store: SqliteStore, signer: Signer, tmp_path: Path) -> None:
    traffic(store, TILE)
    assert store.trail.archive(LATER, TILE, signer.sign, LATER) is None
    sealed(store, signer)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute("drop trigger decisions_never_update")
        db.execute("update decisions set client = 'nobody' where seq = 3")
    db.close()
    with pytest.raises(StoreError, match="decision 3 was altered"):
        store.trail.archive(LATER, TILE, signer.sign, LATER)
    assert not (tmp_path / "audit-archive").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "delete from decisions where seq = 1",
        "delete from segments",
        "update segments set last = 5000",
        "update checkpoints set size = 5000",
        "delete from checkpoints",
        "delete from tiles",
        "insert into segments values (1, 1025, '', x'', '', 'f', '', '')",
        "insert into segments select 2, 1024, d.hash, x'', c.note, 'f', '', '' from decisions d, checkpoints c"
        " where d.seq = 1024 and c.size = 1024",
        "insert into segments select 1, 1024, 'other', x'', note, 'f', '', '' from checkpoints where size = 1024",
        "insert into segments select 1, 1023, hash, x'', 'no note', 'f', '', '' from decisions where seq = 1023",
    ],
)
def test_the_triggers_let_nothing_else_out(store: SqliteStore, signer: Signer, tmp_path: Path, statement: str) -> None:
    traffic(store, TILE)
    sealed(store, signer)
    traffic(store, TILE, TILE)
    sealed(store, signer)
    if "segments set" in statement or "from segments" in statement:
        assert store.trail.archive(LATER, TILE, signer.sign, LATER)
    with (
        sqlite3.connect(tmp_path / "wicketgate.db") as db,
        pytest.raises(sqlite3.IntegrityError, match=r"append-only|a segment begins|UNIQUE"),
    ):
        db.execute(statement)
    db.close()


def test_an_archived_file_that_was_altered_or_is_missing_is_told(
    store: SqliteStore, signer: Signer, tmp_path: Path
) -> None:
    traffic(store, TILE)
    kept = sealed(store, signer)
    traffic(store, 5, TILE)
    early = Checkpoint(kept.origin, 7, store.trail.root("decisions", 7) or b"")
    sealed(store, signer)
    segment = store.trail.archive(LATER, TILE, signer.sign, LATER)
    assert segment is not None
    path = tmp_path / "audit-archive" / segment.file
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    assert "is not the file that was written there" in next(store.verify(signer.trust)).problem
    path.unlink()
    assert not list(store.verify(signer.trust, [kept])), "files may be taken elsewhere"
    assert "are not at hand" in next(store.verify(signer.trust, [early])).problem
    path.write_bytes(content)
    assert not list(store.verify(signer.trust, [early]))
    forged = Checkpoint(kept.origin, 7, bytes(32))
    assert "not those that were sealed" in next(store.verify(signer.trust, [forged])).problem


def test_a_decision_added_among_what_was_archived_is_told(store: SqliteStore, signer: Signer, tmp_path: Path) -> None:
    traffic(store, TILE + 5)
    sealed(store, signer)
    store.trail.archive(LATER, TILE, signer.sign, LATER)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        columns = ", ".join(row[1] for row in db.execute("pragma table_info(decisions)"))
        values = columns.replace("seq", "5", 1).replace("uid", "'forged'", 1)
        db.execute(f"insert into decisions ({columns}) select {values} from decisions where seq = {TILE + 1}")
    db.close()
    assert "decision 5 was added" in next(store.verify(signer.trust)).problem


def test_what_is_archived_while_somebody_verifies_is_no_flaw(store: SqliteStore, signer: Signer) -> None:
    traffic(store, 2 * TILE + 10)
    kept = sealed(store, signer)
    moved: list[Segment] = []

    def meanwhile() -> None:
        if not moved:
            segment = store.trail.archive(LATER, TILE, signer.sign, LATER)
            assert segment is not None
            moved.append(segment)

    assert list(store.verify(signer.trust, [kept], meanwhile)) == []
    assert [segment.last for segment in moved] == [TILE]


def test_the_chain_goes_on_when_everything_was_archived(store: SqliteStore, signer: Signer) -> None:
    traffic(store, TILE)
    sealed(store, signer)
    assert store.trail.archive(LATER, TILE, signer.sign, LATER)
    assert (store.trail.last("decisions"), store.decisions(DecisionFilter())) == (TILE, [])
    traffic(store, 1, TILE)
    assert [each.seq for each in store.decisions(DecisionFilter())] == [TILE + 1]
    assert not list(store.verify(signer.trust))


def test_an_event_tells_what_it_replaced(store: SqliteStore) -> None:
    granted = approval(wheel(), id="one")
    first = store.commit(changes.grant([granted]), ADA, AT)
    terms = store.commit(changes.set_terms(Terms(), Terms(), "to begin with"), ADA, AT)
    longer = store.commit(changes.set_terms(Terms(), Terms(minimum_age=14 * DAY), "too many surprises"), ADA, AT)
    ended = store.commit(changes.revoke([granted], "no longer"), ADA, AT)
    for seq, before, after in ((first.seq, None, "needed"), (ended.seq, "needed", None)):
        told = store.trail.told(seq)
        assert told is not None
        (change,) = told.entries
        assert (change.id, change.kind, change.vouched) == ("one", "approval", True)
        assert (change.before or {}).get("reason") == before
        assert (change.after or {}).get("reason") == after
    told = store.trail.told(longer.seq)
    assert told is not None
    (change,) = told.entries
    assert change.before is not None
    assert change.after is not None
    assert (change.before["minimum_age"], change.after["minimum_age"]) == ("P7D", "P14D")
    assert store.trail.told(terms.seq) is not None
    assert store.trail.told(99) is None


def test_what_is_kept_of_a_secret_is_not_told(store: SqliteStore) -> None:
    event = store.commit(changes.issue(Token("token:1", "ci", "d" * 64, "reader", AT)), ADA, AT)
    told = store.trail.told(event.seq)
    assert told is not None
    assert "d" * 64 not in repr(told.entries)


def test_history_that_was_altered_is_not_vouched_for(store: SqliteStore, tmp_path: Path) -> None:
    event = store.commit(changes.grant([approval(wheel(), id="one")]), ADA, AT)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute("update entries set body = replace(body, 'needed', 'ordered')")
    db.close()
    told = store.trail.told(event.seq)
    assert told is not None
    assert [change.vouched for change in told.entries] == [False]


def test_a_destinations_place_is_kept(store: SqliteStore) -> None:
    assert store.trail.position("https://siem.example") == Position()
    store.trail.advance("https://siem.example", Position(3, 4, 5))
    assert store.trail.position("https://siem.example") == Position(3, 4, 5)
