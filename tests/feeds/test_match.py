"""Answering a stream of questions, over the real and the made-up records together."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from proxy.feeds import match, osv
from proxy.feeds.names import shipped_advisories
from proxy.policy.ranges import AdvisoryIndex

AT = datetime(2100, 1, 1, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "advisories"
EXPECTED: dict[str, Any] = json.loads((DATA / "expected-dev.json").read_text())
SEVERITIES: dict[str, Any] = json.loads((DATA / "severity-expected-dev.json").read_text())["records"]


@pytest.fixture(scope="module")
def readings() -> list[osv.Reading]:
    return [osv.read_path(path, at=AT) for path in (shipped_advisories(), DATA / "synthetic-osv.zip")]


@pytest.fixture(scope="module")
def index(readings: list[osv.Reading]) -> AdvisoryIndex:
    return AdvisoryIndex.of(chain.from_iterable(reading.advisories() for reading in readings))


def asked(index: AdvisoryIndex, *lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in match.answer(lines, index)]


def test_every_expected_pair_has_exactly_its_advisories(index: AdvisoryIndex) -> None:
    pairs = EXPECTED["pairs"]
    lines = [json.dumps({"name": pair["name"], "version": pair["version"]}).encode() for pair in pairs]
    wrong = []
    for pair, answer in zip(pairs, asked(index, *lines), strict=True):
        assert (answer["name"], answer["version"]) == (pair["name"], pair["version"])
        unclear = set(pair.get("ambiguous", ()))
        if set(answer["ids"]) - unclear != set(pair["ids"]) - unclear:
            wrong.append((pair["case"], pair["name"], pair["version"], answer["ids"], pair["ids"]))
    assert wrong == []


def test_alias_groups_are_as_expected(index: AdvisoryIndex) -> None:
    for project, groups in EXPECTED["alias_groups"].items():
        wanted = {frozenset(group) for group in groups}
        versions = {pair["version"] for pair in EXPECTED["pairs"] if canonicalize_name(pair["name"]) == project}
        found = {
            frozenset(hit.group) for version in versions for hit in index.match(canonicalize_name(project), version)
        }
        assert {group for group in found if len(group) > 1} <= wanted


def test_every_record_has_its_expected_severity(readings: list[osv.Reading]) -> None:
    found = {record.id: record.severity.rating for reading in readings for record in reading.advisories()}
    wanted = {name: record["highest"] or "unknown" for name, record in SEVERITIES.items()}
    assert {name: found[name] for name in wanted} == wanted


def test_the_shipped_records_are_sound(readings: list[osv.Reading]) -> None:
    assert len(readings[0].entries) == 8_895
    assert readings[0].faults == ()


def test_a_severity_stands_beside_the_ids_and_null_where_nothing_matches(index: AdvisoryIndex) -> None:
    lines = [
        b'{"name": "EDGE_sev.v3-critical", "version": "2.0"}',
        b'{"version": "2.0", "name": "edge-sev-no-severity", "more": 1}\n',
        b'{"name": "nobody-knows-this", "version": "1"}',
    ]
    assert [answer["severity"] for answer in asked(index, *lines)] == ["critical", "unknown", None]


def test_a_line_that_is_no_question_is_answered_as_such_and_blank_ones_are_not(index: AdvisoryIndex) -> None:
    lines = [
        b"",
        b" \r\n",
        b"oops",
        b'{"name": 1, "version": "1"}',
        b"\xff",
        b"[" * 99_999,
        b'{"name": "x", "version": "1"}',
    ]
    answers = asked(index, *lines)
    assert [sorted(answer) for answer in answers] == [["error"]] * 4 + [["ids", "name", "severity", "version"]]


def test_whoever_waits_gets_the_answer_before_the_stream_ends(index: AdvisoryIndex) -> None:
    given, asking = os.pipe()
    told, telling = os.pipe()
    question = b'{"name": "edge-unbounded", "version": "1"}'
    with open(given, "rb") as source, open(telling, "wb") as sink, open(told, "rb") as answers:  # noqa: PTH123
        answering = Thread(target=match.stream, args=(source, sink, index))
        answering.start()
        os.write(asking, question + b"\n" + question[:9])
        assert json.loads(answers.readline())["ids"] == ["x_EDGE-2024-0001"]
        os.write(asking, question[9:])
        os.close(asking)
        assert json.loads(answers.readline())["ids"] == ["x_EDGE-2024-0001"]
        answering.join()


def test_an_empty_stream_has_no_answers(index: AdvisoryIndex) -> None:
    sink = io.BytesIO()
    match.stream(io.BufferedReader(io.BytesIO(b"")), sink, index)
    assert sink.getvalue() == b""
