"""The snapshot in force: at hand as long as nothing happened, loaded by whoever comes first after that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.live import Live
from proxy.model import Token
from proxy.policy import changes
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, FLASK, approval, wheel
from tests.store.test_sqlite import ADA

CI = Token("token:2", "ci", "a" * 64, "reader", AT)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


async def test_a_snapshot_is_at_hand_until_something_happens(store: SqliteStore) -> None:
    live = Live(store, store.bell)
    store.commit(changes.issue(CI), ADA, AT)
    assert live.at_hand() is None
    await live.current()
    assert live.at_hand() is live.snapshot, "more events than revisions is the rule, not the exception"
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    assert live.at_hand() is None
    assert FLASK in (await live.current()).grants
    assert live.at_hand() is live.snapshot


async def test_a_token_is_known_and_withdrawn_at_once_without_moving_the_policy(store: SqliteStore) -> None:
    live = Live(store, store.bell)
    before = await live.current()
    store.commit(changes.issue(CI), ADA, AT)
    assert (await live.current()).revision == before.revision
    assert live.token(CI.sha256, AT) == CI
    store.commit(changes.withdraw(CI, "leaked"), ADA, AT)
    await live.current()
    assert live.token(CI.sha256, AT) is None


async def test_a_bell_that_rings_late_for_something_known_is_not_heard_twice(store: SqliteStore) -> None:
    live = Live(store, store.bell)
    store.commit(changes.issue(CI), ADA, AT)
    store.commit(changes.grant([approval(wheel())]), ADA, AT)
    await live.current()
    store.bell.ring(1)
    assert live.at_hand() is live.snapshot
