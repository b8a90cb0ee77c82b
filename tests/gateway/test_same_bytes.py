"""One name, one file: what was approved or handed out first is what a name stands for, also after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world.inside import house
from tests.world.upstream import Listed, Upstream

CHANGED = "file:digest:changed"


def change(listed: Listed) -> None:
    """Publish other bytes under the same name, at another address, as an index does."""
    listed.content, listed.sha256 = b"PK evil", "e" * 64
    listed.path = listed.path.replace("/packages/", "/packages/e")


async def test_a_pinned_file_that_changes_is_refused_for_ever_and_the_pinned_copy_served(
    tmp_path: Path, index: Upstream
) -> None:
    wheel = index.release("flask", "3.0.0")
    good, address = wheel.content, wheel.path
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        assert (await gate.get(f"/files{address}")).content == good
        change(wheel)
        assert await gate.served() == [wheel.filename]
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.get(f"/files{address}")).content == good
        refused = await gate.get(f"/files{wheel.path}")
        assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (403, "changed-upstream")
        assert len(await gate.events(CHANGED)) == 1, "told once, also across a restart"
        await gate.admin("POST", "/approvals/revoke", requirement="flask", reason="start anew")
        again = await gate.approve("flask")
        assert not again["opened"]
        assert "changed-upstream" in {reason["code"] for reason in again["still_withheld"][0]["reasons"]}
        assert await gate.served() == []


async def test_a_change_that_was_seen_and_never_handed_out_is_refused_for_ever_too(
    tmp_path: Path, index: Upstream
) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        change(wheel)
        assert await gate.served() == [wheel.filename]
        await gate.admin("POST", "/approvals/revoke", requirement="flask", reason="start anew")
        assert not (await gate.approve("flask"))["opened"]


@pytest.mark.parametrize("lie", [{"size": 1}, {"hashes": {}}, {"hashes": {"md5": "0" * 32}}])
async def test_another_size_or_no_digest_is_a_change_as_well(
    tmp_path: Path, index: Upstream, lie: dict[str, object]
) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        wheel.extra.update(lie)
        assert await gate.served() == [wheel.filename]
        assert (await gate.get(f"/files{wheel.path}")).content == wheel.content
        assert [event["detail"]["filename"] for event in await gate.events(CHANGED)] == [wheel.filename]


async def test_what_a_standing_approval_let_through_stays_what_was_handed_out_first(
    tmp_path: Path, index: Upstream
) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask>=3", standing=True)
        later = index.release("flask", "3.1.0")
        good, address = later.content, later.path
        assert (await gate.get(f"/files{address}")).content == good
        change(later)
        assert later.filename in await gate.served()
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.get(f"/files{address}")).content == good
        assert (await gate.get(f"/files{later.path}")).json()["reasons"][0]["code"] == "changed-upstream"
        assert len(await gate.events(CHANGED)) == 1


async def test_what_nobody_got_yet_may_still_be_listed_anew(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask>=3", standing=True)
        later = index.release("flask", "3.1.0")
        assert later.filename in await gate.served()
        await gate.admin("POST", "/approvals/revoke", requirement="flask", reason="start anew")
        change(later)
        assert (await gate.approve("flask==3.1.0"))["opened"] == [later.filename]
        assert not await gate.events(CHANGED)


async def test_a_file_without_a_digest_is_refused_and_reported_once(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0").extra["hashes"] = {}
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask>=3", standing=True)
        for _ in range(2):
            assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        assert (await gate.explained("flask/3.1.0"))["reasons"][0]["code"] == "no-sha256"
        assert len(await gate.events("file:digest:missing")) == 1
