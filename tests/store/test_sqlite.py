"""The store: one writing door, history, conflicts, and chains in which every alteration is found."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import RevisionConflict, StoreError
from proxy.model import Actor, Answered, Build, DecisionRecord, Token
from proxy.policy import changes
from proxy.store import DecisionFilter, EventFilter, Reach, rows
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, FLASK, approval, wheel

ADA = Actor("token", "token:1", "ada", "owner", "127.0.0.1")
RECORD = DecisionRecord(
    at=AT, what="file", client="10.0.0.9", token="", agent="pip/26", project="flask", version="3.0.0",
    filename="flask-3.0.0-py3-none-any.whl", sha256="a" * 64, status=200, verdict="allowed", codes=("approved",),
    revision=1, request_id="r1",
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


def test_a_change_is_entry_event_and_revision_together(store: SqliteStore) -> None:
    granted = approval(wheel(), specifier=">=3")
    event = store.commit(changes.grant([granted]), ADA, AT)
    assert (event.revision, store.revision(), store.bell.read()) == (1, 1, 1)
    assert store.load().puts == (granted,)
    (kept,) = store.events(EventFilter())
    assert (kept.tag, kept.actor, kept.reason, kept.at) == ("project:approval:granted", ADA, "needed", AT)
    assert kept.detail["approvals"][0]["files"] == [["flask-3.0.0-py3-none-any.whl", "a" * 64]]  # type: ignore[index]


def test_who_acted_and_why_are_one_line_each(store: SqliteStore) -> None:
    foreign = replace(ADA, name="job\x1b[2J\nFORGED")
    event = store.commit(changes.grant([approval(wheel(), reason="due\r\nto\u202ework")]), foreign, AT)
    assert (event.actor.name, event.reason) == ("job [2J FORGED", "due  to work")


def test_a_token_is_heard_of_and_raises_no_revision(store: SqliteStore) -> None:
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    seen = store.load()
    token = Token("token:2", "ci", "a" * 64, "reader", AT)
    event = store.commit(changes.issue(token), ADA, AT)
    assert (event.revision, store.revision(), store.bell.read(), store.newest()) == (1, 1, 2, 2)
    assert store.load(seen.seq).puts == (token,)
    store.commit(changes.withdraw(token, "leaked"), ADA, AT, if_revision=1)
    assert (store.revision(), store.bell.read()) == (1, 3)


def test_only_what_changed_is_loaded_again(store: SqliteStore) -> None:
    first, second = approval(wheel(), id="one"), approval(wheel("4.0"), id="two")
    store.commit(changes.grant([first]), ADA, AT)
    seen = store.load()
    store.commit(changes.grant([second]), ADA, AT)
    store.commit(changes.revoke([first], "no longer"), ADA, AT)
    kept = store.load(seen.seq)
    assert (kept.puts, kept.ends, kept.revision) == ((second,), ("one",), 3)


def test_the_second_of_two_people_sees_a_conflict(store: SqliteStore) -> None:
    store.commit(changes.grant([approval(wheel())]), ADA, AT, if_revision=0)
    with pytest.raises(RevisionConflict, match="revision 0, it is at 1"):
        store.commit(changes.grant([approval(wheel("4.0"))]), ADA, AT, if_revision=0)
    assert store.revision() == 1


def test_a_store_is_found_again_as_it_was_left(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path)
    first.commit(changes.grant([approval(wheel())]), ADA, AT)
    first.close()
    again = SqliteStore(tmp_path)
    assert again.load().puts == (approval(wheel()),)
    assert not list(again.verify())
    again.close()


def test_a_missing_database_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    (tmp_path / "wicketgate.db").unlink()
    with pytest.raises(StoreError, match="Restore it from a backup"):
        SqliteStore(tmp_path)


def test_the_database_of_another_gate_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        SqliteStore(tmp_path / name).close()
    (tmp_path / "one" / "wicketgate.db").write_bytes((tmp_path / "two" / "wicketgate.db").read_bytes())
    with pytest.raises(StoreError, match="not the database that belongs"):
        SqliteStore(tmp_path / "one")


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "wicketgate.db").write_bytes(b"this is not a database, it is a sentence" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        SqliteStore(tmp_path)


def test_a_policy_that_is_damaged_is_refused_in_words(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.commit(changes.grant([approval(wheel(f"3.0.{number}"), id=f"a{number}") for number in range(50)]), ADA, AT)
    store.close()
    path = tmp_path / "wicketgate.db"
    with sqlite3.connect(path) as db:
        db.execute("pragma wal_checkpoint(truncate)")
        page = db.execute("select rootpage from sqlite_master where name = 'entries'").fetchone()
        size = db.execute("pragma page_size").fetchone()[0]
    db.close()
    content = bytearray(path.read_bytes())
    content[(page[0] - 1) * size : page[0] * size] = bytes(size)
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        SqliteStore(tmp_path)


def test_decisions_are_written_once_even_when_they_come_again(store: SqliteStore) -> None:
    store.record([("a-1", RECORD), ("a-2", replace(RECORD, status=304))])
    store.record([("a-2", replace(RECORD, status=304)), ("a-3", RECORD)], again=True)
    assert [found.record.status for found in store.decisions(DecisionFilter())] == [200, 304, 200]
    assert [found.seq for found in store.decisions(DecisionFilter(before_seq=3, limit=1))] == [2]
    assert not list(store.verify())


def test_demand_counts_what_was_refused(store: SqliteStore) -> None:
    refused = replace(RECORD, project="requests", verdict="refused", codes=("not-approved",), what="page", count=3)
    store.record([("1", refused), ("2", replace(refused, client="10.0.0.8", count=1)), ("3", RECORD)])
    (line,) = store.demand(AT - timedelta(days=1))
    assert (line.project, line.count, line.codes) == ("requests", 4, ("not-approved",))
    assert line.clients == ("10.0.0.9", "10.0.0.8")


def test_demand_tells_who_wanted_it_and_from_which_builds(store: SqliteStore) -> None:
    page = replace(RECORD, project="requests", verdict="refused", codes=("not-approved",), what="page", version="")
    in_ci = replace(page, agent="pip/26.3 CPython/3.11.7 CI", token="ci", count=5, at=AT + timedelta(hours=1))
    research = replace(page, channel="research", codes=("not-approved", "too-new"))
    other = replace(page, project="numpy", count=2)
    store.record([(str(number), record) for number, record in enumerate((page, in_ci, research, other))])
    first, second = store.demand(AT - timedelta(days=1))
    assert (first.project, first.count, first.first, first.last) == ("requests", 7, AT, AT + timedelta(hours=1))
    assert first.tokens == ("ci",)
    assert first.builds == (
        Build("pip/26.3 CPython/3.11.7", True, "", 5),
        Build("pip/26", False, "", 1),
        Build("pip/26", False, "research", 1),
    )
    assert first.codes == ("not-approved", "too-new")
    assert store.demand(AT - timedelta(days=1), "numpy") == [second]
    assert store.demand(AT + timedelta(minutes=1))[0].count == 5


def test_demand_leaves_out_that_pip_looks_for_a_newer_pip_and_keeps_what_somebody_wanted(store: SqliteStore) -> None:
    looked = replace(RECORD, project="pip", verdict="refused", codes=("not-approved",), what="page", version="")
    others = replace(looked, agent="uv/0.9", client="10.0.0.8")
    store.record([("1", looked), ("2", others), ("3", replace(looked, project="requests"))])
    found = sorted(store.demand(AT - timedelta(days=1)), key=lambda line: line.project)
    assert [(line.project, line.count, line.clients) for line in found] == [
        ("pip", 1, ("10.0.0.8",)),
        ("requests", 1, ("10.0.0.9",)),
    ]
    store.record([("4", replace(looked, what="metadata", filename="pip-26.3-py3-none-any.whl.metadata"))])
    (line,) = store.demand(AT - timedelta(days=1), "pip")
    assert (line.count, set(line.clients)) == (2, {"10.0.0.8", "10.0.0.9"})


def test_answers_are_counted_by_day_and_verdict(store: SqliteStore) -> None:
    page = replace(RECORD, verdict="refused", what="page", count=3)
    times = (AT - timedelta(days=40), AT, AT + timedelta(minutes=1), AT + timedelta(days=1))
    store.record([(str(at), replace(page, at=at)) for at in times] + [("allowed", RECORD)])
    today, tomorrow = AT.date(), (AT + timedelta(days=1)).date()
    counted = [Answered(today, "allowed", 1), Answered(today, "refused", 6), Answered(tomorrow, "refused", 3)]
    assert store.answered(AT - timedelta(days=1)) == counted
    assert store.answered(AT + timedelta(days=2)) == []


def test_what_was_wanted_is_summed_up_by_file_and_channel(store: SqliteStore) -> None:
    refused = replace(RECORD, verdict="refused", status=403, codes=("not-approved",), client="10.0.0.8", token="ci")
    records = [
        replace(RECORD, at=AT - timedelta(days=40), sha256="b" * 64),
        RECORD,
        replace(RECORD, client="10.0.0.8", at=AT + timedelta(hours=1)),
        refused,
        replace(RECORD, channel="research", verdict="observed"),
        replace(RECORD, what="metadata", filename=f"{RECORD.filename}.metadata"),
        replace(refused, what="metadata", filename=f"{RECORD.filename}.metadata"),
        replace(RECORD, what="page", filename="", version="", sha256="", count=7),
        replace(refused, project="", filename="nonsense", sha256=""),
    ]
    store.record([(str(number), record) for number, record in enumerate(records)])
    lines = {(line.channel, line.filename): line for line in store.wanted(AT - timedelta(days=1))}
    assert set(lines) == {("", RECORD.filename), ("research", RECORD.filename), ("", "")}
    line = lines["", RECORD.filename]
    assert (line.count, line.refused, line.clients, line.tokens) == (4, 2, ("10.0.0.8", "10.0.0.9"), ("ci",))
    assert (line.version, line.sha256, line.last) == ("3.0.0", "a" * 64, AT + timedelta(hours=1))
    assert (lines["", ""].project, lines["", ""].count) == ("flask", 7)
    (observed,) = store.wanted(AT - timedelta(days=1), "observed")
    assert observed.channel == "research"
    assert len(store.wanted(AT - timedelta(days=60))) == 4
    assert store.wanted(AT + timedelta(days=1)) == []


def test_what_was_committed_late_is_wanted_all_the_same(store: SqliteStore) -> None:
    late = replace(RECORD, at=AT - timedelta(days=3), project="late")
    store.record([("1", replace(RECORD, at=AT - timedelta(days=9))), ("2", RECORD), ("3", late)])
    assert {line.project for line in store.wanted(AT - timedelta(days=5))} == {"flask", "late"}


def test_an_approval_that_no_event_granted_is_found(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.commit(changes.grant([approval(wheel(), id="real")]), ADA, AT)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute(
            "insert into entries select 'forged', kind, project, replace(body, 'real', 'forged'), 1, null from entries"
        )
    db.close()
    assert [flaw.problem for flaw in store.verify()] == ["entry forged is not what any event put there"]
    with pytest.raises(StoreError, match="'forged', which is not what event 1 put there"):
        store.load()
    store.close()


@pytest.mark.parametrize(
    "edit",
    [
        "kind = 'prohibition'",
        "kind = 'waiver'",
        "kind = 'nonsense'",
        "project = 'django'",
        "body = replace(body, '3.0.0', '9.9.9')",
    ],
)
def test_no_column_of_an_entry_can_be_edited(tmp_path: Path, edit: str) -> None:
    store = SqliteStore(tmp_path)
    store.commit(changes.grant([approval(wheel(), id="real")]), ADA, AT)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute(f"update entries set {edit}")
    db.close()
    assert [flaw.problem for flaw in store.verify()] == ["entry real is not what any event put there"]
    with pytest.raises(StoreError, match="'real', which is not what event 1 put there"):
        store.load()
    store.close()


@pytest.mark.parametrize("end", [changes.revoke, None])
def test_what_was_ended_or_replaced_does_not_come_back(tmp_path: Path, end: Any) -> None:
    store, real = SqliteStore(tmp_path), approval(wheel(), id="real")
    store.commit(changes.grant([real]), ADA, AT)
    store.commit(end([real], "bad") if end else changes.grant([replace(real, reason="another")]), ADA, AT)
    with sqlite3.connect(tmp_path / "wicketgate.db") as db:
        db.execute("update entries set ended_seq = null where put_seq = 1")
    db.close()
    with pytest.raises(StoreError, match="'real', which is not what event 1 put there"):
        store.load()
    store.close()


def test_an_event_of_an_earlier_version_vouches_for_kind_and_project_by_what_the_body_holds() -> None:
    row = rows.entry_row(approval(wheel(), id="real"), 1)
    said = hashlib.sha256(str(row["body"]).encode()).hexdigest()
    assert rows.vouched(said, row)
    for edit in ({"kind": "prohibition"}, {"kind": "nonsense"}, {"project": "django"}, {"body": "{}"}):
        assert not rows.vouched(said, {**row, **edit})


def test_the_tables_of_the_record_refuse_to_be_changed(store: SqliteStore, tmp_path: Path) -> None:
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    with (
        sqlite3.connect(tmp_path / "wicketgate.db") as db,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        db.execute("delete from events")
    db.close()


def test_how_far_releases_went_and_to_whom(store: SqliteStore) -> None:
    def got(client: str, version: str, minute: int, **facts: Any) -> DecisionRecord:
        return replace(RECORD, client=client, version=version, at=AT + timedelta(minutes=minute), **facts)

    downloads = [
        got("10.0.0.1", "3.0.0", 1),
        got("10.0.0.1", "3.0.0", 2),
        got("10.0.0.2", "3.0.0", 3, agent="uv/1"),
        got("10.0.0.3", "3.0.0", 4, verdict="refused"),
        got("10.0.0.3", "3.0.0", 5, what="page"),
        got("10.0.0.9", "2.0.0", 9),
        got("10.0.0.9", "1.0", 9, project="other"),
    ]
    store.record([(f"u{number}", record) for number, record in enumerate(downloads)])
    assert store.reach(["flask", "nobody"]) == [
        Reach(FLASK, "2.0.0", 1, 1, AT + timedelta(minutes=9)),
        Reach(FLASK, "3.0.0", 2, 3, AT + timedelta(minutes=3)),
    ]
    assert store.reach([]) == []
    assert len(store.reach([f"p{number}" for number in range(1_200)] + ["flask"])) == 2
    holders = store.handed_out(["flask"], "3.0.0")
    assert [(line.client, line.agent, line.count) for line in holders] == [
        ("10.0.0.2", "uv/1", 1),
        ("10.0.0.1", "pip/26", 2),
    ]
    assert (holders[1].first, holders[1].last) == (AT + timedelta(minutes=1), AT + timedelta(minutes=2))
    assert store.handed_out(["flask"], most=1)[0].version == "2.0.0"


def test_tokens_of_one_name_are_told_apart(store: SqliteStore) -> None:
    old, one, two = (replace(RECORD, token="ci", token_id=identity) for identity in ("", "token:1", "token:2"))
    store.record([("1", old), ("2", one), ("3", one), ("4", replace(two, count=7))])
    assert not list(store.verify())
    assert sorted((line.token, line.token_id, line.count) for line in store.handed_out(["flask"])) == [
        ("ci", "", 1),
        ("ci", "token:1", 2),
        ("ci", "token:2", 7),
    ]
    assert [reach.files for reach in store.reach(["flask"])] == [10]
    assert len(store.decisions(DecisionFilter(token="ci"))) == 4
    assert [found.record for found in store.decisions(DecisionFilter(token="token:1"))] == [one, one]
    assert "token_id" not in store.trail.records("decisions")[0], "what was hashed of old records is what it was"
    assert store.trail.records("decisions")[1]["token_id"] == "token:1"


def test_who_has_it_counts_what_was_handed_out_in_observe_mode(store: SqliteStore) -> None:
    observed = replace(RECORD, verdict="observed", client="10.0.0.7")
    store.record([("1", RECORD), ("2", observed), ("3", replace(RECORD, verdict="refused")), ("4", RECORD)])
    store.record([("5", replace(RECORD, what="page")), ("6", replace(RECORD, project="jinja2", version="1.0"))])
    held = {(line.project, line.client): line.count for line in store.handed_out(["flask", "jinja2"])}
    assert held == {("flask", "10.0.0.9"): 2, ("flask", "10.0.0.7"): 1, ("jinja2", "10.0.0.9"): 1}
    assert [line.project for line in store.handed_out(["flask", "jinja2"], "1.0")] == ["jinja2"]
