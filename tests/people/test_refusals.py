"""Refused sign-ins in the audit: the first at once, repeats as one, a flood as one, and no name that is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin.people.refusals import KINDS_A_MINUTE, MANY, Refusals
from proxy.store import EventFilter
from tests.people.world import ADA, World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def told(here: World) -> list[tuple[object, str, object]]:
    found = here.store.events(EventFilter(tag="access:sign-in:refused", limit=1000))
    return [(event.detail["account"], event.actor.address, event.detail["count"]) for event in reversed(found)]


async def test_the_first_is_told_at_once_and_repeats_within_a_minute_as_one(here: World) -> None:
    refusals = Refusals(here.store, here.clock)
    for _ in range(10):
        await refusals.note(ADA, "192.0.2.1", "wrong")
    assert told(here) == [("ada", "192.0.2.1", 1)]
    here.clock.move(minutes=1)
    await refusals.flush()
    assert told(here) == [("ada", "192.0.2.1", 1), ("ada", "192.0.2.1", 9)]
    await refusals.flush(everything=True)
    assert len(told(here)) == 2


async def test_what_goes_on_in_the_next_minute_is_told_with_what_was_before(here: World) -> None:
    refusals = Refusals(here.store, here.clock)
    for _ in range(3):
        await refusals.note(None, "192.0.2.1", "wrong")
    here.clock.move(minutes=1)
    await refusals.note(None, "192.0.2.1", "wrong")
    assert [count for *_, count in told(here)] == [1, 2, 1]


async def test_a_flood_does_not_grow_the_log(here: World) -> None:
    refusals = Refusals(here.store, here.clock)
    for number in range(KINDS_A_MINUTE + 500):
        await refusals.note(None, f"10.0.{number // 250}.{number % 250}", "wrong")
    await refusals.flush(everything=True)
    lines = told(here)
    assert len(lines) == KINDS_A_MINUTE + 2
    assert sum(int(str(count)) for *_, count in lines) == KINDS_A_MINUTE + 500, "none is lost"
    assert lines[-1][1] == MANY
