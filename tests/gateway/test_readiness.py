"""Whether the gate can answer: not before its policy is read, and not while something in it keeps failing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proxy import background
from proxy.live import Live
from tests.world.inside import house
from tests.world.upstream import Upstream


async def test_what_fails_is_told_until_it_has_gone_well_for_a_while(
    tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, watch = asyncio.Event(), Live.watch

    async def fails_once(live: Live) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("it broke")
        await watch(live)

    monkeypatch.setattr(Live, "watch", fails_once)
    monkeypatch.setattr(background, "SETTLED_SECONDS", 0.05)
    async with house(tmp_path / "gate", index.url) as gate:
        await failed.wait()
        while not (answer := (await gate.get("/readyz")).json())["warnings"]:
            await asyncio.sleep(0)
        assert answer["warnings"] == ["policy watch: ValueError: it broke"]
        assert (await gate.get("/healthz")).status_code == 200, "the process lives"
        while (answer := (await gate.get("/readyz")).json())["warnings"]:
            await asyncio.sleep(0.02)
        assert (answer["ready"], answer["reasons"]) == (True, [])
