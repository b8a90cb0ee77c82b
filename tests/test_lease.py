"""One worker at a time: the second waits until the first lets go."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proxy import lease as leases
from proxy.lease import lease


async def test_who_comes_second_waits_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SECONDS", 0.01)
    order: list[str] = []

    async def work(name: str) -> None:
        async with lease(tmp_path / "lock"):
            order.append(f"{name} begins")
            await asyncio.sleep(0.05)
            order.append(f"{name} ends")

    await asyncio.gather(work("one"), work("two"))
    first, second = order[0].split()[0], order[2].split()[0]
    assert order == [f"{first} begins", f"{first} ends", f"{second} begins", f"{second} ends"]
    assert first != second
