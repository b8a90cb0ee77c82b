"""Searching: every fact and every word, alone and together, from either side; nothing that was not meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.model import Actor, DecisionRecord
from proxy.policy import changes
from proxy.store import DecisionFilter, EventFilter, words
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD

EVE = Actor("person", "person:eve", "Eve Ünal", "approver", "10.9.9.9")
REQUESTS = replace(
    RECORD,
    project="requests",
    version="2.0",
    filename="requests-2.0.tar.gz",
    sha256="b" * 64,
    client="10.0.0.8",
    token="ci bot",
    agent="uv/0.9 CPython/3.13.1",
    status=403,
    verdict="refused",
    codes=("too-new", "vulnerable"),
    request_id="ab12cd34ff",
    channel="research",
    at=AT + timedelta(hours=2),
)
PAGE = replace(RECORD, what="page", filename="", sha256="", version="", at=AT + timedelta(days=1))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path_factory.mktemp("searching"))
    for number, record in enumerate((RECORD, REQUESTS, PAGE, REQUESTS, replace(RECORD, at=AT - timedelta(days=9)))):
        opened.record([(f"u{number}", record)])
    granted = approval(wheel(sha256="c" * 64), id="one", channel="research", reason="Needed by the Bücherei, e.g. now.")
    opened.commit(changes.grant([granted]), ADA, AT)
    opened.commit(changes.revoke([granted], "it phones home (ticket SEC-42)"), EVE, AT + timedelta(hours=2))
    both = [approval(wheel(project=name), project=NormalizedName(name), id=name) for name in ("flask", "jinja2")]
    opened.commit(changes.grant(both), ADA, AT + timedelta(days=2))
    yield opened
    opened.close()


def found(store: SqliteStore, **wanted: Any) -> list[int]:
    return [each.seq for each in store.decisions(DecisionFilter(**wanted))]


def told(store: SqliteStore, **wanted: Any) -> list[int]:
    return [each.seq for each in store.events(EventFilter(**wanted))]


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"project": "requests"}, [4, 2]),
        ({"project": "request"}, []),
        ({"version": "2.0"}, [4, 2]),
        ({"sha256": "B" * 64}, [4, 2]),
        ({"client": "10.0.0.9"}, [5, 3, 1]),
        ({"client": "10.0.0"}, []),
        ({"token": "ci bot"}, [4, 2]),
        ({"token": "ci_bot"}, []),
        ({"verdict": "refused"}, [4, 2]),
        ({"what": "page"}, [3]),
        ({"code": "too-new"}, [4, 2]),
        ({"code": "too"}, []),
        ({"channel": "research"}, [4, 2]),
        ({"channel": "default"}, [5, 3, 1]),
        ({"text": "CPYTHON uv"}, [4, 2]),
        ({"text": "cpython 3.13.1"}, [4, 2]),
        ({"text": "requests-2.0.tar.gz"}, [4, 2]),
        ({"text": "AB12CD34FF"}, [4, 2]),
        ({"text": "r1"}, []),
        ({"text": "flask", "verdict": "allowed", "what": "file"}, [5, 1]),
        ({"text": '"; drop table decisions --'}, []),
        ({"text": 'flask" OR "requests'}, []),
        ({"text": "?!"}, []),
        ({"text": " "}, [5, 4, 3, 2, 1]),
        ({"project": 'flask" OR "r=refused'}, []),
        ({"since": AT}, [4, 3, 2, 1]),
        ({"since": AT + timedelta(seconds=1)}, [4, 3, 2]),
        ({"until": AT}, [5]),
        ({"since": AT, "until": AT + timedelta(hours=2)}, [1]),
        ({"since": AT, "until": AT + timedelta(hours=2, seconds=1), "verdict": "refused"}, [4, 2]),
        ({"since": AT + timedelta(days=99)}, []),
        ({"until": AT - timedelta(days=99)}, []),
        ({"limit": 2}, [5, 4]),
        ({"limit": 2, "before_seq": 4}, [3, 2]),
        ({"limit": 2, "after_seq": 1}, [3, 2]),
        ({"limit": 2, "after_seq": 1, "client": "10.0.0.9"}, [5, 3]),
        ({"limit": 1, "after_seq": 1, "client": "10.0.0.9"}, [3]),
        ({"before_seq": 5, "after_seq": 2}, [4, 3]),
        ({"after_seq": 5}, []),
        ({"before_seq": 1}, []),
    ],
)
def test_decisions_are_found_by_what_they_say(store: SqliteStore, wanted: dict[str, Any], seqs: list[int]) -> None:
    assert found(store, **wanted) == seqs


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        ({}, [3, 2, 1]),
        ({"project": "flask"}, [3, 2, 1]),
        ({"project": "jinja2"}, [3]),
        ({"tag": "project:approval:granted"}, [3, 1]),
        ({"tag": "project:approval"}, [3, 2, 1]),
        ({"tag": "project:"}, [3, 2, 1]),
        ({"tag": "project:app"}, []),
        ({"actor": "ada"}, [3, 1]),
        ({"actor": "Eve Ünal"}, [2]),
        ({"actor": "person:eve"}, [2]),
        ({"actor": "eve"}, []),
        ({"client": "10.9.9.9"}, [2]),
        ({"sha256": "c" * 64}, [1]),
        ({"channel": "research"}, [1]),
        ({"channel": "default"}, [3]),
        ({"text": "bücherei NEEDED"}, [1]),
        ({"text": "sec 42 phones"}, [2]),
        ({"text": "granted"}, [3, 1]),
        ({"since": AT + timedelta(hours=1), "until": AT + timedelta(days=1)}, [2]),
        ({"after_seq": 1, "limit": 1}, [2]),
    ],
)
def test_events_are_found_by_what_they_say(store: SqliteStore, wanted: dict[str, Any], seqs: list[int]) -> None:
    assert told(store, **wanted) == seqs


def test_records_that_arrive_out_of_the_order_of_their_clocks_are_found(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    minutes = [0, 50, 10, 3000, 20, 49, 11]
    store.record([(f"u{n}", replace(RECORD, at=AT + timedelta(minutes=n))) for n in minutes])
    store.record([("late", replace(RECORD, at=AT + timedelta(minutes=12)))])

    def within(first: int, end: int) -> set[datetime]:
        wanted = DecisionFilter(since=AT + timedelta(minutes=first), until=AT + timedelta(minutes=end))
        return {each.record.at for each in store.decisions(wanted)}

    for first in range(0, 60, 5):
        end = first + 7
        assert within(first, end) == {AT + timedelta(minutes=n) for n in [*minutes, 12] if first <= n < end}
    store.close()


def test_pages_lead_through_everything_both_ways(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.record([(f"u{n}", replace(RECORD, client=f"10.0.0.{n % 3}")) for n in range(50)])
    down: list[int] = []
    before = None
    while page := found(store, client="10.0.0.1", before_seq=before, limit=4):
        down += page
        before = page[-1]
    up: list[int] = []
    after = 0
    while page := found(store, client="10.0.0.1", after_seq=after, limit=4):
        up = page + up
        after = page[0]
    assert down == up == [n + 1 for n in reversed(range(50)) if n % 3 == 1]
    store.close()


@given(st.text(max_size=30))
def test_any_text_can_be_searched_for(text: str) -> None:
    for each in (words.sought(EventFilter(text=text)), words.sought(DecisionFilter(project=text, text=text))):
        assert each.count('"') % 2 == 0
    for word in words.words(text):
        assert not set(word) & set(' "=\x00')


def test_a_recall_by_digest_uses_the_words(store: SqliteStore) -> None:
    assert [line.project for line in store.handed_out([], sha256="a" * 64)] == ["flask"]
    assert store.handed_out([], sha256="b" * 64) == []


def test_an_odd_record_is_still_found(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    odd: DecisionRecord = replace(RECORD, filename='a"b=c d.whl', agent="", token='"quoted"', client="::1")
    store.record([("u", odd)])
    assert found(store, token='"quoted"', client="::1") == [1]
    store.close()
