"""Copies of the record where some of it was archived: whole with the archive, not begun without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from admin.actions.copies import Copies
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable
from proxy.live import Live
from proxy.policy import ledger
from proxy.policy.merkle import TILE
from proxy.policy.notes import Signer
from proxy.store import EventFilter
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT
from tests.store.test_sqlite import ADA
from tests.store.test_trail import LATER, sealed, traffic


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store from which the first tile of decisions was archived."""
    opened = SqliteStore(tmp_path)
    signer = Signer(opened.trail.instance, Ed25519PrivateKey.generate())
    traffic(opened, TILE + 20)
    sealed(opened, signer)
    assert opened.trail.archive(LATER, TILE, signer.sign, LATER)
    yield opened
    opened.close()


async def taken(store: SqliteStore, **wanted: Any) -> list[dict[str, Any]]:
    """The records of a copy."""
    hands = Hands(store, Live(store, store.bell), None, lambda: AT)  # type: ignore[arg-type]
    given = {"since": None, "until": None, "after": 0, **wanted}
    pieces = await Copies(hands).take(ADA, "decisions", "jsonl", **given)
    return [json.loads(line) for line in b"".join(pieces).splitlines()]


async def test_archived_records_are_in_the_copy(store: SqliteStore) -> None:
    found = await taken(store)
    assert not list(ledger.verify([{k: v for k, v in each.items() if k != "chain"} for each in found]))
    assert [each["seq"] for each in found] == list(range(1, TILE + 21))
    assert [each["seq"] for each in await taken(store, after=TILE - 2)] == list(range(TILE - 1, TILE + 21))
    hour = {"since": AT + timedelta(minutes=60), "until": AT + timedelta(minutes=70)}
    assert [each["seq"] for each in await taken(store, **hour)] == list(range(61, 71))


async def test_a_copy_that_would_lack_records_is_not_begun_and_not_recorded(store: SqliteStore, tmp_path: Path) -> None:
    (file,) = (tmp_path / "audit-archive").iterdir()
    file.unlink()
    with pytest.raises(Unusable, match=f"1 to {TILE} are not at hand"):
        await taken(store)
    assert store.events(EventFilter(tag="audit:log:exported")) == []
    assert len(await taken(store, after=TILE)) == 20
