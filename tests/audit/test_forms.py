"""The forms in which records leave: nothing is left out, nothing is taken for a formula, nothing ends a frame early."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit import forms, ocsf
from proxy.audit.forms import Record
from proxy.model import Change, Session
from proxy.notices import SYSTEM
from proxy.policy import changes, changes_people, ledger
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD

REFUSED = replace(RECORD, verdict="refused", status=403, codes=("too-new", "vulnerable"), token="ci")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Record]]:
    store = SqliteStore(tmp_path_factory.mktemp("forms"))
    store.record([("u1", RECORD), ("u2", REFUSED), ("u3", replace(RECORD, what="page", filename="", sha256=""))])
    session = Session(
        "session:1", "d" * 64, "account:1", 1, "full", "password", AT, AT, AT, AT, "127.0.0.1", "a browser"
    )
    for change in (
        changes.grant([approval(wheel(), reason="=cmd|' /C calc'!A0")]),
        changes_people.session("opened", "ada", session),
        changes_people.session("closed", "ada", session),
        changes.report("feed:advisories:failed", "", "no answer"),
        Change("project:riddle:posed", "flask", "?"),
    ):
        store.commit(change, ADA, AT)
    store.commit(changes.report("file:digest:changed", "flask", "x"), SYSTEM, AT)
    found = {"events": store.trail.records("events"), "decisions": store.trail.records("decisions")}
    store.close()
    return found


def test_json_lines_are_the_record_and_verify(records: dict[str, list[Record]]) -> None:
    for kind in ("events", "decisions"):
        lines = [json.loads(forms.json_line(kind, record)) for record in records[kind]]
        assert all(line.pop("chain") == kind for line in lines)
        assert not list(ledger.verify(lines))


def cells(line: bytes) -> list[str]:
    (row,) = csv.reader(io.StringIO(line.decode(), newline=""))
    return row


def test_a_table_has_a_head_and_no_formula(records: dict[str, list[Record]]) -> None:
    head = cells(forms.csv_head("events"))
    row = dict(zip(head, cells(forms.csv_line("events", records["events"][0])), strict=True))
    assert row["reason"] == "'=cmd|' /C calc'!A0"
    assert (row["actor"], row["role"], row["address"], row["seq"]) == ("ada", "owner", "127.0.0.1", "1")
    head = cells(forms.csv_head("decisions"))
    row = dict(zip(head, cells(forms.csv_line("decisions", records["decisions"][1])), strict=True))
    assert (row["verdict"], row["status"], json.loads(row["codes"])) == ("refused", "403", ["too-new", "vulnerable"])


@given(st.sampled_from("=+-@\t\r\n"), st.text(max_size=20))
def test_no_cell_begins_as_a_formula(first: str, rest: str) -> None:
    record = {"seq": -1, "client": first + rest, "project": f"a{first}{rest}"}
    row = dict(zip(forms.COLUMNS["decisions"], cells(forms.csv_line("decisions", record)), strict=True))
    assert row["client"][0] == "'"
    assert row["seq"] == "-1"
    assert row["project"][0] == "a"


EVERY = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
REQUIRED = {6003: EVERY | {"actor", "api", "src_endpoint"}, 3002: EVERY | {"user", "service"}}
"""What OCSF 1.1 requires of the two classes (Authentication: a service or a destination)."""


def test_every_event_has_what_its_class_requires(records: dict[str, list[Record]]) -> None:
    seal: Record = {"id": 3, "of": "events", "size": 7, "note": "…", "at": "2026-06-01T12:00:00.000000Z"}
    made = [ocsf.event(kind, record) for kind in records for record in records[kind]] + [
        ocsf.event("checkpoints", seal)
    ]
    for event in made:
        kind, activity = event["class_uid"], event["activity_id"]
        assert REQUIRED[int(str(kind))] <= event.keys()
        assert event["type_uid"] == int(str(kind)) * 100 + int(str(activity))
        metadata: Any = event["metadata"]
        assert {"version", "product"} <= metadata.keys()
        assert datetime.fromtimestamp(int(str(event["time"])) / 1000, tz=AT.tzinfo) == AT
        json.dumps(event)


def test_verbs_and_sessions_are_told_as_the_schema_tells_them(records: dict[str, list[Record]]) -> None:
    told = [ocsf.event("events", record) for record in records["events"]]
    assert [(event["class_uid"], event["activity_id"]) for event in told] == [
        (6003, ocsf.CREATE),
        (3002, ocsf.LOGON),
        (3002, ocsf.LOGOFF),
        (6003, ocsf.OTHER),
        (6003, ocsf.OTHER),
        (6003, ocsf.UPDATE),
    ]
    assert [event["status_id"] for event in told] == [1, 1, 1, 2, 1, 1]


def test_nothing_of_a_record_is_left_out(records: dict[str, list[Record]]) -> None:
    for record in records["decisions"]:
        event = ocsf.event("decisions", record)
        unmapped: Any = event["unmapped"]
        assert {"verdict", "codes", "channel", "revision", "uid", "previous", "hash"} <= unmapped.keys()
        assert (event["status_id"] == 2) is (record["verdict"] == "refused")


def test_a_frame_of_syslog_says_its_length_and_holds_one_line(records: dict[str, list[Record]]) -> None:
    odd = {**records["events"][0], "reason": "two\nlines, Bücher and \x00"}
    for kind, record in (("events", odd), ("decisions", records["decisions"][1])):
        frame = forms.syslog(kind, record, forms.json_line, "gate.example")  # type: ignore[arg-type]
        length, _, text = frame.partition(b" ")
        assert int(length) == len(text)
        assert text.isascii()
        assert b"\n" not in text
        head, _, message = text.partition(b"] ")
        priority = b"<109>1" if kind == "events" else b"<108>1"
        assert head.split(b" ")[:6] == [
            priority,
            b"2026-06-01T12:00:00.000000Z",
            b"gate.example",
            b"wicketgate",
            b"-",
            kind[:-1].encode(),
        ]
        assert json.loads(message)["seq"] == record["seq"]


def test_a_host_that_has_no_name_for_syslog_is_nil(records: dict[str, list[Record]]) -> None:
    assert b"Z - wicketgate" in forms.syslog("events", records["events"][0], forms.json_line, "…")
