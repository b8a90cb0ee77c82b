"""Resolutions: each its actor's own, few at once, ended by cancelling, kept for a while."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from admin.actions.resolutions import AT_ONCE, KEPT_AT_MOST, KEPT_FOR, OF_ONE, Closure, Resolution, Resolutions
from admin.actions.wishes import Unusable, Wish
from admin.closure import Unresolved
from proxy.model import Actor
from tests.policy.facts import AT

WISH, FOUND = Wish("flask", "x"), Closure((), 7)


def actor(number: int = 1) -> Actor:
    """Somebody."""
    return Actor("token", f"token:{number}", f"person {number}", "approver")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def jobs(clock: Clock) -> Resolutions:
    return Resolutions(clock)


async def found(_resolution: Resolution) -> Closure:
    return FOUND


async def endless(_resolution: Resolution) -> Closure:
    await asyncio.Event().wait()
    raise AssertionError("it was let go on")


async def broken(_resolution: Resolution) -> Closure:
    raise Unresolved("no set of wheels")


async def defect(_resolution: Resolution) -> Closure:
    raise ZeroDivisionError


async def ended(job: Resolution) -> Resolution:
    """Wait until it has ended."""
    while job.ended is None:
        await asyncio.sleep(0)
    return job


async def test_what_was_found_and_what_went_wrong_are_kept(jobs: Resolutions, caplog: pytest.LogCaptureFixture) -> None:
    ready = await ended(jobs.start(actor(), WISH, [], found))
    assert (ready.state, ready.closure, ready.ended) == ("ready", FOUND, AT)
    failed = await ended(jobs.start(actor(), WISH, [], broken))
    assert (failed.state, str(failed.problem)) == ("failed", "no set of wheels")
    with caplog.at_level(logging.ERROR):
        wrong = await ended(jobs.start(actor(), WISH, [], defect))
    assert wrong.state == "failed"
    assert "ZeroDivisionError" in str(wrong.problem)
    assert "ZeroDivisionError" in caplog.text


async def test_few_run_at_once_and_fewer_of_one_person(jobs: Resolutions) -> None:
    for _ in range(OF_ONE):
        jobs.start(actor(1), WISH, [], endless)
    with pytest.raises(Unusable, match="cancel yours"):
        jobs.start(actor(1), WISH, [], endless)
    for number in range(AT_ONCE - OF_ONE):
        jobs.start(actor(2 + number), WISH, [], endless)
    with pytest.raises(Unusable, match="cancel yours"):
        jobs.start(actor(9), WISH, [], found)
    await jobs.close()
    assert (await ended(jobs.start(actor(9), WISH, [], found))).state == "ready"


async def test_nobody_sees_or_cancels_anothers(jobs: Resolutions) -> None:
    job = jobs.start(actor(1), WISH, [], endless)
    with pytest.raises(Unusable, match="You have no resolution"):
        jobs.of(actor(2), job.id)
    with pytest.raises(Unusable, match="You have no resolution"):
        await jobs.cancel(actor(2), job.id)
    assert job.state == "running"
    assert (await jobs.cancel(actor(1), job.id)).state == "cancelled"
    assert jobs.of(actor(1), job.id).ended == AT


async def test_one_is_cancelled_before_it_began_and_after_it_ended(jobs: Resolutions) -> None:
    job = jobs.start(actor(), WISH, [], found)
    assert (await jobs.cancel(actor(), job.id)).state == "cancelled"
    done = await ended(jobs.start(actor(), WISH, [], found))
    assert (await jobs.cancel(actor(), done.id)).state == "ready", "what is known stays known"


async def test_they_are_forgotten_after_a_while_and_when_they_are_many(jobs: Resolutions, clock: Clock) -> None:
    first = await ended(jobs.start(actor(), WISH, [], found))
    clock.now = AT + KEPT_FOR - timedelta(seconds=1)
    assert jobs.of(actor(), first.id) is first
    clock.now = AT + KEPT_FOR
    with pytest.raises(Unusable):
        jobs.of(actor(), first.id)
    many = [await ended(jobs.start(actor(), WISH, [], found)) for _ in range(KEPT_AT_MOST + 2)]
    with pytest.raises(Unusable):
        jobs.of(actor(), many[0].id)
    assert jobs.of(actor(), many[-1].id) is many[-1]
