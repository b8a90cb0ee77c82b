"""An upstream that hangs: what is decided and kept is served as if nothing were, and what it says later counts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.world.inside import house
from tests.world.upstream import Answer, Asked, Upstream


async def test_nobody_waits_for_an_upstream_that_hangs_and_what_it_says_counts_when_it_comes(
    tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.shelf.PATIENCE", 0.05)
    names = ("flask", "click", "jinja2")
    for name in names:
        index.release(name, "3.0.0")
    async with house(tmp_path / "gate", index.url, ttl=0) as gate:
        for name in names:
            await gate.approve(name, standing=True)
            assert await gate.served(name)
        silent = True
        index.misbehave("/simple/", lambda _asked: Answer(raw=b"", delay=30) if silent else None)
        async with asyncio.timeout(10):  # the upstream's own deadline is twice that
            for name in (*names, *names):
                assert await gate.served(name)
        assert (await gate.explained("flask"))["stale"] is True
        silent = False
        index.release("pytest", "9.0")
        await gate.approve("pytest")
        assert gate.gate is not None
    async with house(tmp_path / "gate", index.url, ttl=0) as gate:
        index.misbehave("/simple/", Answer(raw=b"", delay=30))
        async with asyncio.timeout(10):
            for name in names:
                assert await gate.served(name), "after a start as well"


async def test_what_a_slow_upstream_says_is_served_when_it_is_said(
    tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.shelf.PATIENCE", 0.05)
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url, ttl=0) as gate:
        await gate.approve("flask", standing=True)
        assert len(await gate.served()) == 1
        late = index.release("flask", "3.0.1")

        def slowly(asked: Asked) -> Answer | None:
            page = index._page(asked)
            page.delay = 0.5
            return page

        index.misbehave("/simple/", slowly)
        assert late.filename not in await gate.served()
        async with asyncio.timeout(20):
            while late.filename not in await gate.served():
                await asyncio.sleep(0.1)
