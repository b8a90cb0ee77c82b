"""The database: locked, damaged, gone, or held by two gates at once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from proxy.errors import StoreError
from proxy.live import Live
from proxy.policy import changes
from proxy.store.sqlite import SqliteStore
from tests.conftest import MakeGate
from tests.faults.conftest import World, until
from tests.policy.facts import AT, FLASK, approval, wheel
from tests.store.test_sqlite import ADA
from tests.world.upstream import Upstream

MakeWorld = Callable[..., World]


def test_a_database_that_another_program_locks_holds_up_changes_and_nothing_else(world: MakeWorld) -> None:
    made, answers = world(), []
    made.gate.stop()
    made.gate.restart()  # nothing of the first files is in memory
    assert made.status(made.undecided) == 403  # look-alikes are known by now
    with closing(sqlite3.connect(made.gate.data_dir / "wicketgate.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        began = time.monotonic()
        admin = threading.Thread(target=lambda: answers.append(made.change()))
        admin.start()
        made.serves_what_was_decided_and_nothing_else()
        assert not answers, "files did not wait for the change"
        admin.join()
        ((status, said),) = answers
        assert (status, "Another program holds it" in said) == (503, True), said
        assert made.status(made.uncached) == 200, "decided, and not cached yet"
        assert made.gate.get("/readyz").status_code == 200
        assert "Another program holds it" in made.warnings()
        time.sleep(max(0.0, began + 10 - time.monotonic()))
        made.serves_what_was_decided_and_nothing_else()
        other.execute("rollback")
    until(lambda: made.change()[0] == 201)
    until(lambda: not made.gate.get("/readyz").json()["decisions_waiting"] and not made.warnings())
    assert made.gate.facts("audit", "verify")["intact"]


def test_a_database_that_is_gone_takes_no_change_and_is_not_begun_anew(world: MakeWorld) -> None:
    made = world()
    database = made.gate.data_dir / "wicketgate.db"
    database.rename(database.with_name("mislaid"))
    made.serves_what_was_decided_and_nothing_else()
    status, said = made.change()
    assert (status, "was replaced or removed while the gate runs" in said) == (503, True), said
    made.gate.kill()
    with pytest.raises(AssertionError, match="The database is missing"):
        made.gate.restart()
    database.with_name("mislaid").rename(database)
    made.gate.restart()
    made.serves_what_was_decided_and_nothing_else()


def test_a_database_that_is_damaged_is_served_without_for_a_while_and_then_not_at_all(world: MakeWorld) -> None:
    made = world("--revocation-max-lag", "2")
    database = made.gate.data_dir / "wicketgate.db"
    for path in (database, database.with_name("wicketgate.db-wal")):
        path.write_bytes(b"this is no database any more. " * (path.stat().st_size // 30 + 1))
    made.serves_what_was_decided_and_nothing_else()
    status, said = made.change()
    assert (status, "It is damaged: stop the gate and restore a backup" in said) == (503, True), said
    until(lambda: made.gate.get("/readyz").status_code == 503)
    (reason,) = made.gate.get("/readyz").json()["reasons"]
    assert "nobody could tell whether something was revoked" in reason
    assert "restore a backup" in reason
    assert [made.status(made.cached), made.status(made.undecided)] == [503, 503]
    assert made.gate.get("/healthz").status_code == 200, "nothing is gained by starting it again"
    made.gate.kill()
    with pytest.raises(AssertionError, match="the gate cannot start: The database cannot be used: file is not a data"):
        made.gate.restart()


async def test_a_snapshot_of_a_sick_database_serves_for_a_while_and_a_crowd_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, asked = SqliteStore(tmp_path), []

    def sick(*_: object) -> None:
        asked.append(1)
        raise StoreError("The disk is away.")

    live = Live(store, store.bell, max_lag=60)
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    await live.current()
    store.commit(changes.revoke([approval(wheel())], "malware"), ADA, AT)
    with monkeypatch.context() as patched:
        patched.setattr(store, "load", sick)
        patched.setattr(store, "newest", sick)
        assert live.at_hand() is None, "the bell rang: this is not the one in force"
        for _ in range(100):
            assert FLASK in (await live.current()).grants
        assert (len(asked), live.trouble, live.closed) == (1, "The disk is away.", "")
        live.demand_sure()
        passed = time.monotonic() + 61
        patched.setattr("proxy.live.time.monotonic", lambda: passed)
        await live.look()
        assert live.at_hand() is None
        with pytest.raises(StoreError, match=r"for 6\d s nobody could tell.*The disk is away"):
            live.demand_sure()
    await live.look()
    live.demand_sure()
    assert FLASK not in live.snapshot.grants
    assert live.trouble == ""
    store.close()


async def test_a_gate_that_is_told_so_serves_by_the_last_snapshot_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path)
    live = Live(store, store.bell, max_lag=0)
    await live.current()
    later = time.monotonic() + 1e6
    monkeypatch.setattr("proxy.live.time.monotonic", lambda: later)
    live.demand_sure()
    assert live.at_hand() is live.snapshot
    store.close()


def test_two_gates_on_one_directory_are_one(world: MakeWorld, make_gate: MakeGate) -> None:
    made = world()
    other = make_gate()  # another process and port, the same directory
    assert other.get(f"/files{made.cached.path}").status_code == 200
    made.gate.facts("revoke", "flask", "--reason", "a test needs it")
    assert other.get(f"/files{made.cached.path}").status_code == 403
    other.facts("approve", "flask", "--reason", "a test needs it")
    assert made.gate.get(f"/files{made.cached.path}").status_code == 200
    for gate in (made.gate, other):
        assert gate.facts("audit", "verify")["intact"]
    made.gate.kill()
    assert other.get(f"/files{made.cached.path}").status_code == 200
    told = made.gate.restart().facts("audit", "decisions", "--what", "file", "--limit", "100")["decisions"]
    assert [record["status"] for record in told if record["filename"] == made.cached.filename].count(200) == 4


def test_a_start_whose_database_takes_no_records_serves_and_recovers_later(index: Upstream, world: MakeWorld) -> None:
    made = world()
    with closing(sqlite3.connect(made.gate.data_dir / "wicketgate.db", isolation_level=None)) as other:
        other.execute("begin immediate")
        assert made.status(made.cached) == 200
        made.gate.kill()  # with a record in its journal
        made.gate.restart()
        made.serves_what_was_decided_and_nothing_else()
        assert "waits in its journal" in made.warnings()
        other.execute("rollback")
    until(lambda: "recovery" not in made.warnings())
    assert not [path for path in made.gate.data_dir.glob("*.journal") if str(made.gate.process_id) not in path.name]
    told = made.gate.facts("audit", "decisions", "--what", "file", "--limit", "100")["decisions"]
    assert [record["filename"] for record in told].count(made.cached.filename) == 3


def overwritten(path: Path, table: str) -> None:
    """Write over the middle of a page that holds rows of a table, and of nothing else."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
        size = database.execute("pragma page_size").fetchone()[0]
        (page,) = database.execute("select rootpage from sqlite_schema where name = ?", [table]).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * (size // 2))


def test_damage_in_the_record_is_found_after_the_start_and_stops_changes_and_nothing_else(world: MakeWorld) -> None:
    made = world()
    made.gate.stop()
    overwritten(made.gate.data_dir / "wicketgate.db", "advisory_links")
    made.gate.restart()
    until(lambda: any("is damaged" in said for said in made.gate.get("/readyz").json()["warnings"]))
    assert made.gate.get("/readyz").json()["ready"]
    status, said = made.change()
    assert (status, "restore a backup: wicketgate restore" in said) == (503, True), said
    made.serves_what_was_decided_and_nothing_else()


def test_a_log_of_changes_that_is_damaged_is_not_started_with(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    store.close()
    overwritten(tmp_path / "wicketgate.db", "events")
    with pytest.raises(StoreError, match="restore"):
        SqliteStore(tmp_path)


def test_a_change_that_cannot_be_read_back_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path)
    monkeypatch.setattr("proxy.store.chains.hashes", lambda *_: [])
    with pytest.raises(StoreError, match="did not keep what was written"):
        store.commit(changes.grant([approval(wheel())]), ADA, AT)
    store.close()
