"""A no is given even where it cannot be recorded; a yes is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.errors import StoreError
from tests.world.inside import house
from tests.world.upstream import Upstream


async def test_a_refusal_is_given_although_it_cannot_be_recorded(
    tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed, refused = index.release("flask", "3.0.0"), index.release("click", "8.0")

    def full(*_: object) -> None:
        raise StoreError("The audit log cannot be written.")

    async with house(tmp_path / "gate", index.url, ttl=600) as gate:
        await gate.approve("flask")
        assert (await gate.get(f"/files{allowed.path}")).status_code == 200
        monkeypatch.setattr(gate.gate.decisions, "note", full)
        answer = await gate.get(f"/files{refused.path}")
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "not-approved")
        served = await gate.get(f"/files{allowed.path}")
        assert (served.status_code, "audit log cannot be written" in served.text) == (503, True)
        monkeypatch.undo()
        assert (await gate.get(f"/files{allowed.path}")).status_code == 200
