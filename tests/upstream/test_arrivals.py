"""Pages that arrive: few at once, of large ones fewer, and whoever waits too long is told."""

from __future__ import annotations

import asyncio

import pytest

from proxy.errors import UpstreamAway
from proxy.upstream import arrivals
from proxy.upstream.arrivals import AT_ONCE, LARGE, LARGE_AT_ONCE, Arrivals


async def test_large_pages_wait_for_each_other_and_small_ones_do_not() -> None:
    pages, let = Arrivals(), asyncio.Event()
    here = {"large": 0, "small": 0}

    async def arrive(kind: str, size: int) -> None:
        async with pages.one() as arrival:
            for part in range(1, 5):
                await arrival.grown(size * part // 4)
            here[kind] += 1
            await let.wait()

    tasks = [asyncio.create_task(arrive("large", 4 * LARGE)) for _ in range(6)]
    tasks += [asyncio.create_task(arrive("small", LARGE)) for _ in range(6)]
    await asyncio.sleep(0.02)
    assert here == {"large": LARGE_AT_ONCE, "small": 6}
    let.set()
    await asyncio.gather(*tasks)
    assert here == {"large": 6, "small": 6}


async def test_whoever_waits_too_long_is_told_and_a_page_that_fails_gives_its_turn_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "WAIT_SECONDS", 0.02)
    pages, let = Arrivals(), asyncio.Event()

    async def arrive() -> None:
        async with pages.one() as arrival:
            await arrival.grown(1)
            await let.wait()
            raise ValueError

    tasks = [asyncio.create_task(arrive()) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(UpstreamAway, match="keep up"):
        async with pages.one():
            pass
    let.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(AT_ONCE + 1):
        async with pages.one() as arrival:
            await arrival.grown(LARGE + 1)
