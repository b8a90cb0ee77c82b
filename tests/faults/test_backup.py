"""Backups: written while the gate runs, restored to the same decisions and a log that verifies, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from proxy import restoring
from proxy.audit.key import KeyPlace
from proxy.errors import StoreError
from proxy.places import audit_key
from proxy.policy import changes
from proxy.store.migrations import migrations
from proxy.store.sql import unsound
from proxy.store.sqlite import SqliteStore
from tests.conftest import MakeGate
from tests.faults.conftest import until
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


def test_a_gate_is_restored_to_the_same_decisions_and_a_log_that_verifies(
    make_gate: MakeGate, index: Upstream, tmp_path: Path
) -> None:
    served = index.release("flask", "3.0.0")
    index.release("click", "8.0")
    gate = make_gate()
    gate.approve("flask")
    assert gate.get(f"/files{served.path}").status_code == 200
    backup = tmp_path / "gate.backup"
    until(audit_key(gate.data_dir).exists)
    done = gate.cli("backup", str(backup), "--with-cache")
    assert (done.returncode, "It is signed by the key" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "--audit-key" in done.stdout, "what it does not hold is said"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    again = gate.cli("backup", str(backup))
    assert (again.returncode, "File exists" in again.stderr) == (2, True)
    gate.approve("click")
    full = gate.cli("restore", str(backup))
    assert (full.returncode, "nothing is overwritten" in full.stderr) == (2, True)
    revision, token = gate.get("/readyz").json()["revision"], gate.token
    gate.stop()
    shutil.rmtree(gate.data_dir)
    done = gate.cli("restore", str(backup))
    assert (done.returncode, "Its log is intact, by the key" in done.stdout) == (0, True), done.stdout + done.stderr
    for path in gate.data_dir.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    index.down()
    (gate.data_dir / "admin-token").write_text(token)
    gate.restart()
    assert gate.get("/readyz").json()["revision"] == revision - 1
    assert gate.get(f"/files{served.path}").content == served.content, "from the cache, with the upstream away"
    index.up()
    assert gate.get("/explain/click", accept="application/json").json()["allowed"] is False
    assert gate.get("/explain/flask", accept="application/json").json()["allowed"] is True
    assert gate.facts("audit", "verify")["intact"]
    said = [event["reason"] for event in gate.facts("audit", "list", "--tag", "audit:log:restored")["events"]]
    assert [text.partition(",")[0] for text in said] == ["The gate goes on from a restored database"]
    gate.stop()
    gate.restart()
    assert len(gate.facts("audit", "list", "--tag", "audit:log:restored")["events"]) == 1, "it is accepted once"


def test_what_was_noted_and_not_committed_is_in_a_backup(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    wheel_of = index.release("flask", "3.0.0")
    gate.approve("flask")
    with closing(sqlite3.connect(gate.data_dir / "wicketgate.db", isolation_level=None)) as other:
        other.execute("begin immediate")  # nothing can be committed
        assert gate.get(f"/files{wheel_of.path}").status_code == 200
        assert gate.cli("backup", str(tmp_path / "backup")).returncode == 0
        other.execute("rollback")
    gate.stop()
    restored = gate.cli("restore", str(tmp_path / "backup"), "--data-dir", str(tmp_path / "other"))
    assert restored.returncode == 0, restored.stderr
    with closing(sqlite3.connect(tmp_path / "other" / "wicketgate.db")) as db:
        assert db.execute("select count(*) from decisions where what = 'file'").fetchone() == (1,)


def test_a_key_in_another_order_than_its_columns_is_no_damage() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "create table links (id text not null, project text, primary key (project, id)) strict, without rowid"
        )
        db.execute("insert into links values ('PYSEC-1', 'flask')")
        assert unsound(db) == ""


def rewritten(backup: Path, **contents: bytes | None) -> None:
    """The backup with other members under its names; None leaves one out."""
    content = gzip.decompress(backup.read_bytes())
    (folder := backup.with_suffix(".unpacked")).mkdir()
    (plain := backup.with_suffix(".tar")).write_bytes(content)
    with tarfile.open(plain) as tar:
        names = tar.getnames()
        tar.extractall(folder, filter="data")
    with tarfile.open(plain, "w") as tar:
        for name in [*names, *(set(contents) - set(names))]:
            if contents.get(name, b"") is None:
                continue
            if contents.get(name):
                (folder / "changed").write_bytes(contents[name] or b"")
                tar.add(folder / "changed", name)
            else:
                tar.add(folder / name, name)
    backup.write_bytes(gzip.compress(plain.read_bytes()))


def signed(tmp_path: Path) -> tuple[Gatehouse, Path]:
    """A gate's data with its key beside it, and a backup of it."""
    (tmp_path / "data").mkdir()
    store = SqliteStore(tmp_path / "data")
    KeyPlace(audit_key(tmp_path / "data")).make(store.trail.instance)
    store.close()
    gate = Gatehouse(tmp_path / "data", "http://127.0.0.1:1/")
    done = gate.cli("backup", str(tmp_path / "backup"))
    assert (done.returncode, "It is signed by the key" in done.stdout) == (0, True), done.stderr
    shutil.rmtree(tmp_path / "data")
    return gate, tmp_path / "backup"


def rewritten_whole(backup: Path) -> None:
    """The backup with another instance and a manifest that says so: all that somebody without the key can do."""
    with tarfile.open(backup) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    content = b"another"
    manifest["files"]["instance"] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    rewritten(backup, **{"instance": content, "manifest.json": json.dumps(manifest).encode()})


def test_a_backup_whose_manifest_was_made_anew_is_refused(tmp_path: Path) -> None:
    gate, backup = signed(tmp_path)
    rewritten_whole(backup)
    for option in ((), ("--unsigned",)):
        done = gate.cli("restore", str(backup), *option)
        assert (done.returncode, "The backup was rewritten: the key" in done.stderr) == (2, True), done.stderr
        assert not gate.data_dir.exists()


def test_a_backup_of_another_key_is_refused_and_of_an_earlier_one_taken(tmp_path: Path) -> None:
    gate, backup = signed(tmp_path)
    place = KeyPlace(audit_key(gate.data_dir))
    with tarfile.open(backup) as tar:
        instance = json.load(tar.extractfile("manifest.json"))["instance"]  # type: ignore[arg-type]
    first = place.load(instance)
    assert first
    place.path.unlink()
    place.make(instance)
    done = gate.cli("restore", str(backup))
    assert (done.returncode, "signed by another key than" in done.stderr) == (2, True), done.stderr
    place.path.unlink()
    place.make(instance, earlier=first.verifiers)
    done = gate.cli("restore", str(backup))
    assert (done.returncode, "It is as it was signed, by the key" in done.stdout) == (0, True), done.stderr


def test_a_signature_that_was_taken_away_is_missed_and_one_without_the_key_is_nothing_proved(tmp_path: Path) -> None:
    gate, backup = signed(tmp_path)
    elsewhere = ("--data-dir", str(tmp_path / "elsewhere"))
    done = gate.cli("restore", str(backup), *elsewhere)
    assert (done.returncode, "nobody can tell by whom without the key" in done.stdout) == (0, True), done.stderr
    shutil.copy(backup, tmp_path / "spoilt")
    rewritten(tmp_path / "spoilt", **{"manifest.note": b"x"})
    done = gate.cli("restore", str(tmp_path / "spoilt"), "--unsigned")
    assert (done.returncode, "This is no signed checkpoint" in done.stderr) == (2, True), done.stderr
    rewritten(backup, **{"manifest.note": None})
    done = gate.cli("restore", str(backup))
    assert (done.returncode, "If you know where it was meanwhile: --unsigned" in done.stderr) == (2, True), done.stderr
    assert not gate.data_dir.exists()
    done = gate.cli("restore", str(backup), "--unsigned")
    assert (done.returncode, "It is NOT signed" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_a_key_that_is_away_or_broken_keeps_no_backup_from_being_written(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "data").mkdir()
    SqliteStore(tmp_path / "data").close()
    if content:
        (tmp_path / "key").write_bytes(content)
    gate = Gatehouse(tmp_path / "data", "http://127.0.0.1:1/")
    done = gate.cli("backup", str(tmp_path / "backup"), "--audit-key", str(tmp_path / "key"))
    assert (done.returncode, "It is NOT signed" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"instance": b"another"}, "instance is not what the manifest says"),
        ({"instance": None}, "instance is not what the manifest says"),
        ({"manifest.json": None}, "no whole backup"),
        ({"../evil": b"x"}, "is no backup of a gate"),
        ({"admin-token": b"x"}, "is no backup of a gate"),
        ({"names-" + "a" * 64 + ".csv": b"x"}, "is not what the manifest says"),
    ],
)
def test_a_backup_that_was_touched_is_refused_and_leaves_nothing(
    tmp_path: Path, contents: dict[str, bytes | None], said: str
) -> None:
    (tmp_path / "data").mkdir()
    SqliteStore(tmp_path / "data").close()
    gate = Gatehouse(tmp_path / "data", "http://127.0.0.1:1/")
    assert gate.cli("backup", str(tmp_path / "backup")).returncode == 0
    rewritten(tmp_path / "backup", **contents)
    done = gate.cli("restore", str(tmp_path / "backup"), "--data-dir", str(tmp_path / "new"))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new-*"))


@pytest.mark.parametrize(
    ("name", "kind", "size", "said"),
    [
        ("wicketgate.db", tarfile.REGTYPE, 1 << 60, "more than there is room for"),
        ("wicketgate.db", tarfile.REGTYPE, 960_000, "more than there is room for"),
        ("manifest.note", tarfile.REGTYPE, 500_000, "too large for one"),
        ("wicketgate.db", tarfile.XHDTYPE, 500_000, "something else than files"),
        ("wicketgate.db", tarfile.GNUTYPE_LONGNAME, 10, "something else than files"),
        ("wicketgate.db", tarfile.GNUTYPE_SPARSE, 10, "something else than files"),
        ("manifest.json", tarfile.SYMTYPE, 0, "something else than files"),
    ],
)
def test_a_backup_that_would_fill_disk_or_memory_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: bytes, size: int, said: str
) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    header = member.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "backup").write_bytes(gzip.compress(header + bytes(min(size, 1_000_000)) + bytes(10240)))
    (fresh := tmp_path / "new").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**7, 9 * 10**6, 10**6))
    with pytest.raises(StoreError, match=said):
        restoring.read(tmp_path / "backup", fresh, KeyPlace(tmp_path / "key"), unsigned=False)
    assert not list(fresh.iterdir()), "nothing of it was unpacked"


def test_half_a_backup_is_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    SqliteStore(tmp_path / "data").close()
    gate = Gatehouse(tmp_path / "data", "http://127.0.0.1:1/")
    assert gate.cli("backup", str(tmp_path / "backup")).returncode == 0
    whole = (tmp_path / "backup").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"nonsense" * 1000):
        (tmp_path / "backup").write_bytes(content)
        done = gate.cli("restore", str(tmp_path / "backup"), "--data-dir", str(tmp_path / "new"))
        assert done.returncode == 2, done.stdout
        assert "backup" in done.stderr
        assert not (tmp_path / "new").exists()


def test_an_older_database_is_not_started_with_before_somebody_says_so(
    make_gate: MakeGate, index: Upstream, tmp_path: Path
) -> None:
    bad = index.release("flask", "3.0.0")
    gate = make_gate()
    gate.approve("flask")
    gate.stop()
    shutil.copytree(gate.data_dir, tmp_path / "copy")
    gate.restart()
    gate.facts("revoke", "flask", "--reason", "it is malware")
    gate.stop()
    shutil.rmtree(gate.data_dir)
    shutil.copytree(tmp_path / "copy", gate.data_dir)
    with pytest.raises(AssertionError, match="older than it was: its log ends at event"):
        gate.restart()
    assert gate.cli("restore", "--in-place").returncode == 0
    gate.restart()
    assert gate.get(f"/files{bad.path}").status_code == 200, "they were told to revoke again"
    gate.stop()
    told = gate.restart().facts("audit", "list", "--tag", "audit:log:contradicted")["events"]
    assert told, "and it stands in the log"


def test_an_upgrade_is_one_step_after_a_copy_and_a_failed_one_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path)
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    store.close()
    before = schema(tmp_path / "wicketgate.db")

    def first(db: object) -> None:
        db.execute("create table later (id text)")  # type: ignore[attr-defined]

    def second(db: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_migrations", list(migrations._migrations))
        migrations(name="first_step")(first)
        migrations(name="second_step")(second)
        with pytest.raises(StoreError, match="disk I/O error"):
            SqliteStore(tmp_path)
        assert schema(tmp_path / "wicketgate.db") == before, "all steps or none"
        migrations._migrations.pop()
        SqliteStore(tmp_path).close()
        assert "later" in schema(tmp_path / "wicketgate.db")
    copy = tmp_path / "wicketgate.db.before-first_step"
    assert (schema(copy), stat.S_IMODE(copy.stat().st_mode)) == (before, 0o600)
    with pytest.raises(StoreError, match=r"written by a newer Wicketgate \(first_step\)"):
        SqliteStore(tmp_path)
    copy.replace(tmp_path / "wicketgate.db")
    again = SqliteStore(tmp_path)
    assert again.load().puts == (approval(wheel()),)
    again.close()


def schema(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return json.dumps(db.execute("select name, sql from sqlite_master order by name").fetchall())
