"""A start with many decisions: each is looked at a few times, not once for every other one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import NormalizedName

from proxy.live import Live
from proxy.policy import changes, snapshot
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA

MANY = 2_000


async def test_what_a_start_costs_grows_with_the_decisions_and_no_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [
        replace(approval(wheel(), id=f"a{number}"), project=NormalizedName(f"project-{number}"))
        for number in range(MANY)
    ]
    store, looked = SqliteStore(tmp_path), []
    store.commit(changes.grant(named), ADA, AT)
    honest = snapshot._project

    def counting(item: Any) -> NormalizedName:
        looked.append(1)
        return honest(item)

    monkeypatch.setattr(snapshot, "_project", counting)
    live = Live(store, store.bell)
    assert len((await live.current()).grants) == MANY
    assert MANY <= len(looked) <= 4 * MANY
    store.close()
