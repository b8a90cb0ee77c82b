"""Look-alikes among what is approved needs: every wheel is read, and what was not is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy import facts
from tests.world.inside import House, house
from tests.world.upstream import Upstream

GRANTED = "project:approval:granted"


async def stopped(gate: House) -> None:
    answer = await gate.asked("POST", "/approvals", requirement="goodlib", reason="a test needs it")
    assert answer.status_code == 409, answer.text
    assert "needs djagno, and djagno looks like django" in answer.text
    assert not await gate.events(GRANTED)


async def test_one_wheel_of_a_version_hides_no_other(tmp_path: Path, index: Upstream) -> None:
    for build in ("1", "2", "3"):
        index.release("goodlib", "1.0", ["djagno"] if build == "1" else ["six"], build=build)
    async with house(tmp_path / "gate", index.url) as gate:
        await stopped(gate)


async def test_new_versions_hide_no_old_one(tmp_path: Path, index: Upstream) -> None:
    for number in range(60):
        index.release("goodlib", f"1.{number}", [] if number else ["djagno"])
    async with house(tmp_path / "gate", index.url) as gate:
        await stopped(gate)


async def test_what_was_not_read_is_told(tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "NEEDS_AT_MOST", 2)
    for number in range(3):
        for build in ("1", "2"):
            index.release("goodlib", f"1.{number}", ["six"], build=build)
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.approve("goodlib"))["unread"] == 2
        (event,) = await gate.events(GRANTED)
        assert event["detail"]["unread"] == {"goodlib": 2}
        document = 'format = 1\nfragment = true\n[[approvals]]\nproject = "goodlib"\nspecifier = "<2"\nreason = "x"\n'
        plan = await gate.admin("POST", "/policy/plan", document=document)
        assert plan["notes"] == [
            "What 2 wheels of goodlib need was not read, so no look-alike was looked for among that."
        ]


async def test_wheels_that_share_their_metadata_are_read_once(tmp_path: Path, index: Upstream) -> None:
    wheels = [index.release("goodlib", "1.0", ["six"], build=build) for build in ("1", "2", "3")]
    async with house(tmp_path / "gate", index.url) as gate:
        approved = await gate.approve("goodlib")
        assert (approved["unread"], len(approved["opened"])) == (0, 3)
    assert sum(len(index.asked(f"{wheel.path}.metadata")) for wheel in wheels) == 1


async def test_a_wheel_without_metadata_beside_it_counts_as_unread(tmp_path: Path, index: Upstream) -> None:
    index.release("goodlib", "1.0").metadata = None
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.approve("goodlib"))["unread"] == 1
