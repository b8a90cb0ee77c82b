"""What every installation has and what is extra: a small set, and a sentence for each thing that is not there."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import metadata

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from proxy import columns, extras, locks
from proxy.cli import checking, main
from proxy.errors import NotInstalled
from proxy.forms import read_form
from proxy.locks.writers.approved import ApprovedSet
from proxy.locks.writers.formats import FORMATS
from proxy.web.exposition import Family, write
from tests.reports.facts import checked

PRINTED = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMED = st.text(st.characters(categories=("L", "N"), include_characters='"\\ {}=,'), max_size=20)
URLENCODED = "application/x-www-form-urlencoded"


def without(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    find = importlib.util.find_spec
    there = lambda name, *more: None if name in libraries else find(name, *more)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", there)


def test_a_format_whose_library_is_not_there_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "cyclonedx", "packageurl")
    approved = ApprovedSet("https://gate.example", 1, datetime(2026, 1, 1, tzinfo=UTC), (), ())
    with pytest.raises(NotInstalled, match=r"wicketgate\[sbom\]"):
        FORMATS["cyclonedx"].write(approved)
    assert FORMATS["pylock"].write(approved), "the others are written as ever"
    sbom = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "a", "purl": "pkg:pypi/a@1"}]}'
    (fault,) = locks.read("bom.json", sbom).faults
    assert "wicketgate[sbom]" in fault.sentence


def test_a_report_whose_library_is_not_there_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, "cyclonedx")
    with pytest.raises(SystemExit) as ended:
        checking._report(checked(), "cyclonedx", None)
    assert ended.value.code == 2
    assert "wicketgate[sbom]" in capsys.readouterr().err
    done = CliRunner().invoke(main, ["sbom", "requirements.txt", "--name", "x", "--version", "1"])
    assert (done.exit_code, "wicketgate[sbom]" in done.output) == (2, True)


def test_every_extra_that_is_named_is_one() -> None:
    known = set(metadata("wicketgate").get_all("Provides-Extra") or ())
    assert {extra for _, extra in extras.MISSING.values()} <= known


@given(st.dictionaries(NAMED, st.floats(allow_nan=False), max_size=5), NAMED)
def test_prometheus_reads_the_metrics_as_they_were_meant(values: dict[str, float], text: str) -> None:
    samples = tuple(((("label", name),), value) for name, value in values.items())
    (read,) = text_string_to_metric_families(write([Family("gate_figure", text, "gauge", samples)]))
    assert {sample.labels["label"]: sample.value for sample in read.samples} == values
    assert read.type == "gauge"


@given(PRINTED, PRINTED)
def test_no_text_breaks_a_line_of_the_metrics(name: str, text: str) -> None:
    told = write([Family("gate_figure", text, "counter", (((("label", name),), 1),))])
    assert told.count("\n") == 3


def test_long_cells_are_folded_and_columns_stand_under_their_heads() -> None:
    told = columns.table(("who", "why"), [("ada", "because it is so"), ("bo\nb", "")], (0, 8))
    assert told.split("\n") == ["who  why", "---  --------", "ada  because", "     it is so", "bo", "b"]
    assert columns.table(("who",), [], (0,)) == "who\n---"


def request(body: bytes, kind: str) -> Request:
    sent: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return sent.pop()

    return Request({"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}, receive)


@pytest.mark.parametrize(
    ("body", "kind", "pairs"),
    [
        (b"a=1&a=2&b=", URLENCODED, [("a", "1"), ("a", "2"), ("b", "")]),
        (b"a=%C3%A9+x%26", f"{URLENCODED}; charset=utf-8", [("a", "é x&")]),
        ("a=é".encode(), URLENCODED, [("a", "é")]),
        (b"a=%ff\xff", URLENCODED, [("a", "\ufffd\ufffd")]),
        (b"a;b=1", URLENCODED, [("a;b", "1")]),
        (b"", "", []),
    ],
)
async def test_a_form_is_what_a_browser_sent(body: bytes, kind: str, pairs: Sequence[tuple[str, str]]) -> None:
    assert (await read_form(request(body, kind), 10)).multi_items() == pairs


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a&" * 11, URLENCODED, 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 415),
        (b"{}", "application/json", 415),
    ],
)
async def test_anything_else_is_no_form(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        await read_form(request(body, kind), 10)
    assert refused.value.status_code == status
