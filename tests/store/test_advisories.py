"""What is packed about a project is what its records come to, however they came, changed and went."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

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
    store.close()
