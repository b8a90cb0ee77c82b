"""Idempotency keys in the store: one attempt at a time, its change noted with it, and what a day and an actor keep."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.errors import StoreError
from proxy.policy import changes
from proxy.store import EventFilter, repeats
from proxy.store.asked import Answered, Asked, Repeat
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA

ASKED = Asked("token:1", "k", "POST", "/v1/approvals?", "d" * 64)
CHANGE = changes.grant([approval(wheel(), id="one")])
DONE = Answered(201, "{}", b"{}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


def test_of_many_that_come_together_one_begins(store: SqliteStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = [found.state for found in pool.map(lambda _: store.repeats.begin(ASKED, "here", AT), range(16))]
    assert sorted(states) == ["begun"] + ["running"] * 15


def test_a_gate_that_died_after_its_change_lost_the_answer_and_does_not_change_twice(store: SqliteStore) -> None:
    begun = store.repeats.begin(ASKED, "a gate that dies", AT)
    event = store.commit(CHANGE, replace(ADA, attempt=begun.attempt), AT)
    assert store.repeats.begin(ASKED, "the next one", AT) == Repeat("done", event=event.seq)
    assert store.events(EventFilter())[0].actor == ADA
    assert not list(store.verify()), "the record says nothing of attempts"


def test_a_gate_that_died_before_its_change_is_taken_over_and_cannot_come_back(store: SqliteStore) -> None:
    old = store.repeats.begin(ASKED, "a gate that seems dead", AT)
    new = store.repeats.begin(ASKED, "the next one", AT)
    assert (new.state, new.attempt != old.attempt) == ("begun", True)
    with pytest.raises(StoreError, match="given up"):
        store.commit(CHANGE, replace(ADA, attempt=old.attempt), AT)
    assert (store.revision(), store.newest(), store.entries("approval")) == (0, 0, [])
    event = store.commit(CHANGE, replace(ADA, attempt=new.attempt), AT)
    store.repeats.finish(old.attempt, replace(DONE, status=503))
    store.repeats.finish(new.attempt, DONE)
    assert store.repeats.begin(ASKED, "the next one", AT) == Repeat("done", event=event.seq, answer=DONE)


def test_a_refusal_is_kept_only_where_something_was_changed_before_it(store: SqliteStore) -> None:
    refused = replace(DONE, status=409)
    store.repeats.finish(store.repeats.begin(ASKED, "here", AT).attempt, refused)
    begun = store.repeats.begin(replace(ASKED, digest="e" * 64), "here", AT)
    assert begun.state == "begun", "a refused request may be mended under its key"
    store.commit(CHANGE, replace(ADA, attempt=begun.attempt), AT)
    store.repeats.finish(begun.attempt, refused)
    assert store.repeats.begin(replace(ASKED, digest="e" * 64), "here", AT).answer == refused
    assert store.repeats.begin(ASKED, "here", AT).state == "other"


def test_keys_live_for_a_day_and_are_so_many_for_each_actor(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "KEYS_AT_MOST", 1)
    old = store.repeats.begin(ASKED, "here", AT)
    assert store.repeats.begin(replace(ASKED, key="l"), "here", AT).state == "too-many"
    assert store.repeats.begin(replace(ASKED, actor="token:2"), "here", AT).state == "begun"
    tomorrow = AT + timedelta(hours=24)
    assert store.repeats.begin(replace(ASKED, key="l"), "here", tomorrow - timedelta(seconds=1)).state == "too-many"
    assert store.repeats.begin(replace(ASKED, key="l"), "here", tomorrow).state == "begun"
    with pytest.raises(StoreError):
        store.commit(CHANGE, replace(ADA, attempt=old.attempt), tomorrow)
