"""What is packed about a project is what its records come to, however they came, changed and went."""

from __future__ import annotations

import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.feeds.bulletin import FEED
from proxy.feeds.osv import Entry
from proxy.model import Advisory, Affected, FeedState
from proxy.policy import changes
from proxy.policy.ranges import AdvisoryIndex
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT

PROJECTS = [NormalizedName(name) for name in ("click", "flask", "jinja2", "numpy")]


def drawn(chance: random.Random, identity: str) -> Advisory:
    """A record about some of the projects, now and then a withdrawn one."""
    about = chance.sample(PROJECTS, chance.randint(0, len(PROJECTS)))
    affected = tuple(Affected(project, (f"{chance.randint(1, 4)}.0",), ()) for project in about)
    modified = AT + timedelta(seconds=chance.randint(0, 10**6))
    return Advisory(identity, modified, affected, withdrawn=AT if chance.random() < 0.2 else None)


def test_packed_is_what_all_the_records_in_force_come_to(tmp_path: Path) -> None:
    store, chance = SqliteStore(tmp_path), random.Random(5)
    change = changes.take_advisories(FeedState("source", 1, AT, AT, "a" * 64))
    kept: dict[str, Advisory] = {}
    for _ in range(25):
        put = {name: drawn(chance, name) for name in (f"X-{n}" for n in range(9)) if chance.random() < 0.4}
        forget = [name for name in kept if name not in put and chance.random() < 0.2]
        rows = [Entry.of(record).row(name) for name, record in put.items()]
        store.commit(change, FEED, AT, advisories=iter(rows), forget=forget)
        kept = {name: record for name, record in (kept | put).items() if name not in forget}
        packed = {project: blob for project, blob in store.packed_advisories().items() if blob != b"\x90"}
        assert packed == AdvisoryIndex.of(kept.values()).packed
        assert {name: store.advisory(name) for name in kept} == kept
        assert store.advisories_kept().keys() == kept.keys()
    assert not list(store.verify())
    store.close()


def kept(folder: Path, *names: str) -> None:
    """Take records, in one change."""
    store = SqliteStore(folder)
    rows = [Entry.of(drawn(random.Random(name), name)).row(name) for name in names]
    store.commit(changes.take_advisories(FeedState("source", 1, AT, AT, "a" * 64)), FEED, AT, advisories=iter(rows))
    store.close()


def flaws(folder: Path) -> list[str]:
    store = SqliteStore(folder)
    found = [flaw.problem for flaw in store.verify()]
    store.close()
    return found


EDITS = [
    "delete from advisories where id = 'X-2'",
    "delete from advisory_links where id = 'X-2'",
    "delete from advisory_projects where project = (select min(project) from advisory_projects)",
    "update advisory_projects set packed = x'90'",
    "update advisories set modified = '2030-01-01T00:00:00.000000Z' where id = 'X-2'",
    "insert into advisories select 'X-9', modified, digest, record from advisories where id = 'X-2'",
]


def edited(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "wicketgate.db") as db:
        assert db.execute(statement).rowcount
    db.close()


@pytest.mark.parametrize("statement", EDITS)
def test_advisories_that_were_edited_are_found(tmp_path: Path, statement: str) -> None:
    kept(tmp_path, "X-1", "X-2", "X-3")
    assert flaws(tmp_path) == []
    edited(tmp_path, statement)
    (said,) = flaws(tmp_path)
    assert said.startswith("the advisories are not those that event 1 put in force: restore a backup")


def test_an_advisory_that_was_edited_is_named(tmp_path: Path) -> None:
    kept(tmp_path, "X-1", "X-2")
    edited(tmp_path, "update advisories set record = (select record from advisories where id = 'X-1') where id = 'X-2'")
    assert flaws(tmp_path)[0].startswith("the advisory X-2 was edited: restore")


def test_what_was_edited_is_not_vouched_for_by_the_next_sync_in_silence(tmp_path: Path) -> None:
    kept(tmp_path, "X-1", "X-2")
    edited(tmp_path, "delete from advisories where id = 'X-2'")
    kept(tmp_path, "X-3")
    assert flaws(tmp_path)[0].startswith("the advisories had been edited before event 2: restore a backup")
