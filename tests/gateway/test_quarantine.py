"""What the index quarantined stays withheld until the index says otherwise: not when it says nothing any more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.world.inside import JSON, House, house
from tests.world.upstream import Answer, Listed, Upstream

NOTED, LIFTED = "project:quarantine:noted", "project:quarantine:lifted"
STATUS = {"status": "quarantined", "reason": "malware"}
EMPTY = {"meta": {"api-version": "1.4"}, "name": "flask", "files": [], "project-status": STATUS}


async def cached(gate: House, wheel: Listed) -> None:
    await gate.approve("flask")
    assert (await gate.get(f"/files{wheel.path}")).status_code == 200


async def refused(gate: House, wheel: Listed) -> None:
    answer = await gate.get(f"/files{wheel.path}")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, "quarantined")
    assert not await gate.served()


def gone(index: Upstream) -> None:
    index.status.clear()
    index.misbehave("/simple/flask/", Answer(404))


async def test_a_project_that_the_index_removes_after_a_quarantine_stays_quarantined(
    tmp_path: Path, index: Upstream
) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await cached(gate, wheel)
        index.status["flask"] = STATUS
        await refused(gate, wheel)
        gone(index)
        await refused(gate, wheel)
    shutil.rmtree(tmp_path / "gate" / "cache" / "pages")
    async with house(tmp_path / "gate", index.url) as gate:
        await refused(gate, wheel)
    shutil.rmtree(tmp_path / "gate" / "cache" / "pages")
    async with house(tmp_path / "gate", "http://127.0.0.1:9/simple/") as gate:
        await refused(gate, wheel)
    async with house(tmp_path / "gate", index.url) as gate:
        index.behave()
        assert (await gate.get(f"/files{wheel.path}")).status_code == 200
        assert [event["project"] for tag in (NOTED, LIFTED) for event in await gate.events(tag)] == ["flask"] * 2
        (event,) = await gate.events(NOTED)
        assert "malware" in event["reason"]


async def test_an_index_lists_no_file_of_what_it_quarantined_and_is_believed(tmp_path: Path, index: Upstream) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await cached(gate, wheel)
        index.misbehave("/simple/flask/", Answer(200, {"content-type": JSON}, json.dumps(EMPTY).encode()))
        await refused(gate, wheel)
        lifted = {**EMPTY, "project-status": {"status": "active"}}
        index.misbehave("/simple/flask/", Answer(200, {"content-type": JSON}, json.dumps(lifted).encode()))
        await refused(gate, wheel)


@pytest.mark.parametrize("status", ["archived", "deprecated"])
async def test_other_statuses_forbid_nothing(tmp_path: Path, index: Upstream, status: str) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await cached(gate, wheel)
        index.status["flask"] = {"status": status}
        assert await gate.served() == [wheel.filename]
        assert not await gate.events(NOTED)


async def test_a_page_from_before_the_quarantine_does_not_lift_it(tmp_path: Path, index: Upstream) -> None:
    """Another worker on the same directory holds a page, good for an hour, that is older than what the index says."""
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url, ttl=3600) as gate:
        await cached(gate, wheel)
        index.status["flask"] = STATUS
        async with house(tmp_path / "gate", index.url) as other:
            await refused(other, wheel)
        await gate.gate.live.refresh()
        await refused(gate, wheel)
        assert not await gate.events(LIFTED)
