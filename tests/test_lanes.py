"""Long work goes in single file, and keeps neither the loop nor another lane waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest

from proxy.lanes import Lane


async def test_one_after_the_other_and_each_lane_by_itself() -> None:
    lane, other, let = Lane("a"), Lane("b"), threading.Event()
    order: list[int] = []

    def work(number: int) -> int:
        let.wait(10)
        order.append(number)
        return number

    tasks = [asyncio.create_task(lane.run(work, number)) for number in range(5)]
    assert await other.run(lambda: "meanwhile") == "meanwhile"
    assert await asyncio.to_thread(lambda: "meanwhile too") == "meanwhile too"
    assert order == []
    let.set()
    assert await asyncio.gather(*tasks) == order == [0, 1, 2, 3, 4]


async def test_what_work_raises_is_raised_and_the_lane_goes_on() -> None:
    lane = Lane("a")
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 / 0)
    assert await lane.run(int, "7") == 7
