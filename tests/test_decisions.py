"""Records on their way to the store: folded, grouped, journalled, recovered."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from proxy import decisions as module
from proxy.decisions import Decisions
from proxy.errors import StoreError
from proxy.journals import Gap, recover
from proxy.model import DecisionRecord
from proxy.store import DecisionFilter
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT
from tests.store.test_sqlite import RECORD


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


def journals(folder: Path) -> list[Path]:
    """The journals in a directory."""
    return list(folder.glob("decisions-*.journal"))


async def test_a_record_is_in_the_journal_before_it_is_in_the_store(store: SqliteStore, tmp_path: Path) -> None:
    held = Decisions(store, tmp_path, "one")
    held.note(RECORD)
    (journal,) = journals(tmp_path)
    assert b"flask-3.0.0-py3-none-any.whl" in journal.read_bytes()
    await held.flush(AT)
    assert not journals(tmp_path)
    assert [found.record for found in store.decisions(DecisionFilter())] == [RECORD]


async def test_the_journal_of_a_dead_process_is_committed_once(store: SqliteStore, tmp_path: Path) -> None:
    held = Decisions(store, tmp_path, "one")
    for number in range(3):
        held.note(replace(RECORD, request_id=f"r{number}"))
    (journal,) = journals(tmp_path)
    left = journal.read_bytes()
    await held.flush(AT)
    dead = tmp_path / "decisions-dead-1.journal"
    dead.write_bytes(left + b'["cut off in the mid')
    assert recover(store, tmp_path) == Gap(1, (dead.name,)), "one line was cut off"
    assert len(store.decisions(DecisionFilter())) == 3
    assert not list(store.verify())
    assert not journals(tmp_path)


async def test_the_journal_of_a_living_process_is_left_alone(store: SqliteStore, tmp_path: Path) -> None:
    held = Decisions(store, tmp_path, "one")
    held.note(RECORD)
    assert recover(store, tmp_path) is None
    assert len(journals(tmp_path)) == 1
    await held.flush(AT)


async def test_the_first_look_up_is_written_and_repeats_are_counted(store: SqliteStore, tmp_path: Path) -> None:
    held = Decisions(store, tmp_path, "one")
    page = replace(RECORD, what="page")
    mine = ("", "10.0.0.9", "", "pip/26", "flask", "allowed")
    other = ("", "10.0.0.1", *mine[2:])
    for look_up in (mine, mine, mine, mine, mine, other):
        if not held.repeats(look_up, AT):
            held.note_first(look_up, page)
    await held.flush(AT)
    assert sorted(found.record.count for found in store.decisions(DecisionFilter())) == [1, 1]
    await held.flush(AT + timedelta(minutes=1))
    assert sorted(found.record.count for found in store.decisions(DecisionFilter())) == [1, 1, 4]


async def test_a_count_survives_the_process_and_is_written_once(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, same = Decisions(store, tmp_path, "one"), ("", "10.0.0.9", "", "flask-1.whl")
    held.note_first(same, RECORD)
    assert sum(held.repeats(same, AT) for _ in range(1_000)) == 1_000
    await held.flush(AT)
    (kept,) = journals(tmp_path)
    died_here = kept.read_bytes()
    assert held.repeats(same, AT)
    await held.flush(AT)
    assert kept.read_bytes() == died_here, "not at every turn"
    monkeypatch.setattr("proxy.decisions.COUNTS_SECONDS", 0.0)
    held._counts_due = 0.0
    await held.flush(AT)
    assert kept.read_bytes() != died_here
    died_later = kept.read_bytes()

    for name, content in (("b", died_later), ("c", died_here)):  # between two of them both are there
        (tmp_path / f"decisions-dead-{name}.journal").write_bytes(content.replace(b'"one:', b'"dead:'))
    assert recover(store, tmp_path) is None
    assert [found.record.count for found in store.decisions(DecisionFilter())] == [1_001, 1]
    assert [path.name for path in journals(tmp_path)] == [kept.name], "the living one's is left alone"
    await held.flush(AT, everything=True)
    assert not journals(tmp_path), "nothing is left to keep"


async def test_a_count_that_was_committed_is_not_counted_again(store: SqliteStore, tmp_path: Path) -> None:
    held, same = Decisions(store, tmp_path, "one"), ("", "10.0.0.9", "", "flask-1.whl")
    held.note_first(same, RECORD)
    held.repeats(same, AT)
    await held.flush(AT)
    left = journals(tmp_path)[0].read_bytes()
    await held.flush(AT + timedelta(minutes=1))
    assert [found.record.count for found in store.decisions(DecisionFilter())] == [1, 1]
    (tmp_path / "decisions-dead-c.journal").write_bytes(left)
    assert recover(store, tmp_path) is None
    assert len(store.decisions(DecisionFilter())) == 2
    assert not list(store.verify())


async def test_a_count_waits_for_a_store_that_is_away(store: SqliteStore, tmp_path: Path) -> None:
    class Away:
        def record(self, *_: object, **__: object) -> None:
            raise StoreError("the disk is away")

    held, same = Decisions(Away(), tmp_path, "one"), ("", "10.0.0.9", "", "flask-1.whl")  # type: ignore[arg-type]
    held.note_first(same, RECORD)
    held.repeats(same, AT)
    for _ in range(3):
        with pytest.raises(StoreError):
            await held.flush(AT + timedelta(minutes=1), everything=True)
    dead = [(tmp_path / path.name.replace("-one-", "-dead-"), path.read_bytes()) for path in journals(tmp_path)]
    assert len(dead) == 2, "the record in one, the count in the other"
    held._store = store
    await held.flush(AT + timedelta(minutes=1), everything=True)
    assert not journals(tmp_path)
    assert sorted(found.record.count for found in store.decisions(DecisionFilter())) == [1, 1]
    for path, content in dead:
        path.write_bytes(content)
    assert recover(store, tmp_path) is None
    assert len(store.decisions(DecisionFilter())) == 2


async def test_counts_that_cannot_be_kept_are_told_once_and_stop_nobody(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("proxy.decisions.COUNTS_SECONDS", 0.0)
    held, same = Decisions(store, tmp_path, "one"), ("", "10.0.0.9", "", "flask-1.whl")
    held.note_first(same, RECORD)
    await held.flush(AT)
    with monkeypatch.context() as patched:
        patched.setattr("proxy.journals.os.write", lambda _file, _content: 0)
        for _ in range(3):
            assert held.repeats(same, AT)
            await held.flush(AT)
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "The counts of what came again are in memory alone"
    ]
    assert not journals(tmp_path)
    await held.flush(AT)
    assert len(journals(tmp_path)) == 1, "kept as soon as they can be"
    await held.flush(AT, everything=True)
    assert sorted(found.record.count for found in store.decisions(DecisionFilter())) == [1, 3]


async def test_where_there_is_no_room_the_oldest_count_is_finished(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.repeats.COUNTED_AT_MOST", 5)
    held = Decisions(store, tmp_path, "one")
    for turn in range(20):
        for same in (("always",), (f"n{turn}",)):
            for _ in range(3):
                if not held.repeats(same, AT):
                    held.note_first(same, RECORD)
    assert len(held._repeats._of) == 5
    await held.flush(AT, everything=True)
    assert sum(found.record.count for found in store.decisions(DecisionFilter(limit=1_000))) == 20 * 2 * 3


async def test_what_is_noted_is_never_folded(store: SqliteStore, tmp_path: Path) -> None:
    held = Decisions(store, tmp_path, "one")
    for _ in range(5):
        held.note(RECORD)
    await held.flush(AT)
    assert len(store.decisions(DecisionFilter())) == 5


async def test_a_store_that_fails_loses_nothing(tmp_path: Path, store: SqliteStore) -> None:
    class Failing:
        broken = True

        def record(self, records: Sequence[tuple[str, DecisionRecord]], *, again: bool = False) -> None:
            if self.broken:
                raise StoreError("the disk is full")
            store.record(records, again=again)

    failing = Failing()
    held = Decisions(failing, tmp_path, "one")  # type: ignore[arg-type]  # the one method that is asked for
    held.note(RECORD)
    with pytest.raises(StoreError):
        await held.flush(AT)
    held.note(replace(RECORD, request_id="r2"))
    assert held.waiting == 2
    failing.broken = False
    await held.flush(AT)
    assert [found.record.request_id for found in store.decisions(DecisionFilter())] == ["r2", "r1"]
    assert not journals(tmp_path)


async def test_when_nothing_more_can_be_held_back_nothing_is_handed_out(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELD_AT_MOST", 2)
    held = Decisions(store, tmp_path / "not-there", "one")
    held.note(RECORD)
    held.note(RECORD)
    with pytest.raises(StoreError, match="audit log cannot be written"):
        held.note(RECORD)


async def test_records_are_in_memory_alone_for_a_minute_at_most(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Decisions(store, tmp_path / "not-there", "one")
    held.note(RECORD)
    later = time.monotonic() + 61
    monkeypatch.setattr("proxy.decisions.time.monotonic", lambda: later)
    with pytest.raises(StoreError, match="audit log cannot be written"):
        held.note(RECORD)
    assert "audit log cannot be written" in held.closed
    await held.flush(AT)
    held.note(RECORD)
    assert held.closed == ""


async def test_half_a_line_is_taken_back(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Decisions(store, tmp_path, "one")
    held.note(RECORD)
    (journal,) = journals(tmp_path)
    before = journal.read_bytes()
    with monkeypatch.context() as patched:
        write = os.write
        patched.setattr("proxy.journals.os.write", lambda file, content: write(file, content[:20]))
        held.note(replace(RECORD, request_id="r2"))
    assert journal.read_bytes() == before, "a line is whole or not there"
    held.note(replace(RECORD, request_id="r3"))
    dead = tmp_path / "decisions-dead-1.journal"
    dead.write_bytes(journal.read_bytes())
    assert held.waiting == 3
    await held.flush(AT)
    assert recover(store, tmp_path) == Gap(1, (dead.name,)), "r2 was in memory alone: a crash would have lost it"
    assert len(store.decisions(DecisionFilter())) == 3


async def test_a_long_outage_has_two_journals_and_not_one_for_each_try(store: SqliteStore, tmp_path: Path) -> None:
    class Away:
        def record(self, *_: object, **__: object) -> None:
            raise StoreError("the disk is away")

    held = Decisions(Away(), tmp_path, "one")  # type: ignore[arg-type]  # the one method that is asked for
    for number in range(50):
        held.note(replace(RECORD, request_id=f"r{number}"))
        with pytest.raises(StoreError):
            await held.flush(AT)
    assert len(journals(tmp_path)) == 2
    held._store = store
    await held.flush(AT)
    assert (len(store.decisions(DecisionFilter(limit=100))), journals(tmp_path)) == (50, [])


@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        (lambda lines: [*lines[:2], b"[torn", *lines[3:]], 1),
        (lambda lines: [*lines[:2], b"\x00" * 900, *lines[5:]], 3),
        (lambda lines: lines[2:], 2),
        (lambda lines: [b"\x00" * 100], 1),
        (lambda lines: [*lines[:-1], lines[-1][:20]], 1),
        (lambda lines: lines, 0),
    ],
)
async def test_what_a_crash_cost_is_counted(
    store: SqliteStore, tmp_path: Path, damage: Callable[[list[bytes]], list[bytes]], lost: int
) -> None:
    held = Decisions(store, tmp_path, "one")
    for number in range(6):
        held.note(replace(RECORD, request_id=f"r{number}"))
    (journal,) = journals(tmp_path)
    lines = journal.read_bytes().splitlines()
    await held.flush(AT)
    (tmp_path / "decisions-one-1.journal").write_bytes(b"\n".join(damage(lines)))
    gap = recover(store, tmp_path)
    assert (gap.lost if gap else 0) == lost
    assert len(store.decisions(DecisionFilter())) == 6
    assert not list(store.verify())
