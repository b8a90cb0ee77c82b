"""Files that are not what they say: refused, told once, and never completed at any client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.world import packages
from tests.world.inside import house
from tests.world.upstream import Answer, Listed, Upstream, now

TAG = "file:facts:inconsistent"


def publish(index: Upstream, filename: str, content: bytes, metadata: bytes | None = None) -> Listed:
    """List a file of flask 3.0.0 that may be anything."""
    return index.publish(Listed("flask", "3.0.0", filename, content, now().replace(year=2024), metadata))


WHEEL = "flask-3.0.0-py3-none-any.whl"
TOLD = packages.metadata("flask", "3.0.0")
LIARS = [
    ("another name inside", packages.wheel("flask", "3.0.0", says="fiask"), TOLD, "'fiask'"),
    ("another version inside", packages.wheel("flask", "3.0.1"), TOLD, "'3.0.1'"),
    ("other metadata than is served", packages.wheel("flask", "3.0.0", ["evil"]), TOLD, "served beside it"),
    ("no wheel at all", b"PK evil", TOLD, "cannot be read as an archive"),
]


@pytest.mark.parametrize(("content", "metadata", "said"), [c[1:] for c in LIARS], ids=[c[0] for c in LIARS])
async def test_a_wheel_that_lies_is_refused_when_its_bytes_arrive(
    tmp_path: Path, index: Upstream, content: bytes, metadata: bytes, said: str
) -> None:
    wheel = publish(index, WHEEL, content, metadata)
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.approve("flask"))["opened"] == [WHEEL]
        broken = await gate.get(f"/files{wheel.path}")
        assert broken.status_code == 502
        assert content not in broken.content
        refused = (await gate.get(f"/files{wheel.path}")).json()["reasons"][0]
        assert refused["code"] == "inconsistent"
        assert said in refused["sentence"]
        assert await gate.served() == []
        assert not list((tmp_path / "gate" / "cache" / "blobs").rglob(wheel.sha256)), "nothing of it is kept"
        (event,) = await gate.events(TAG)
        assert said in event["reason"]
        assert not (await gate.approve("flask"))["opened"], "what is known now is pinned with the next approval"
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.get(f"/files{wheel.path}")).json()["reasons"][0]["code"] == "inconsistent"
        assert len(await gate.events(TAG)) == 1


async def test_a_source_archive_that_lies_is_refused_as_well(tmp_path: Path, index: Upstream) -> None:
    archive = publish(index, "flask-3.0.0.tar.gz", packages.sdist("fiask", "3.0.0"))
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask", sdists=True)
        assert (await gate.get(f"/files{archive.path}")).status_code == 502
        assert (await gate.get(f"/files{archive.path}")).json()["reasons"][0]["code"] == "inconsistent"


async def test_metadata_beside_a_wheel_that_lies_is_seen_at_the_approval(tmp_path: Path, index: Upstream) -> None:
    publish(index, WHEEL, packages.wheel("flask", "3.0.0"), packages.metadata("fiask", "3.0.0"))
    async with house(tmp_path / "gate", index.url) as gate:
        for dry_run in (True, False):
            outcome = await gate.approve("flask", dry_run=dry_run)
            assert outcome["still_withheld"][0]["reasons"][0]["code"] == "inconsistent"
        assert await gate.served() == []


async def test_a_large_wheel_that_lies_never_completes(tmp_path: Path, index: Upstream) -> None:
    wheel = publish(index, WHEEL, packages.wheel("flask", "3.0.0", says="fiask", padding=300_000), TOLD)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        # The answer has begun when the lie shows, so it is left unfinished, which no client takes for the file.
        with pytest.raises(AssertionError):
            await gate.get(f"/files{wheel.path}")
        assert (await gate.explained("flask/3.0.0"))["reasons"][0]["code"] == "inconsistent"


async def test_the_same_bytes_under_another_name_are_looked_into_again(tmp_path: Path, index: Upstream) -> None:
    honest = index.release("click", "8.0")
    thief = publish(index, WHEEL, honest.content, TOLD)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("click")
        assert (await gate.get(f"/files{honest.path}")).content == honest.content
        while not list((tmp_path / "gate" / "cache" / "blobs").glob(f"*/*/{honest.sha256}")):
            await asyncio.sleep(0.01)
        outcome = await gate.approve("flask")
        assert outcome["still_withheld"][0]["reasons"][0]["code"] == "inconsistent", "its bytes were in the cache"
        assert (await gate.get(f"/files{thief.path}")).status_code == 403
        assert (await gate.get(f"/files{honest.path}")).content == honest.content


async def test_a_portal_in_place_of_metadata_does_not_condemn_a_file(tmp_path: Path, index: Upstream) -> None:
    wheel = index.release("flask", "3.0.0")
    wheel.hidden_metadata = True
    index.misbehave(f"{wheel.path}.metadata", Answer(body=b"<html>sign in to the network</html>"))
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.approve("flask"))["opened"] == [wheel.filename]
        index.behave()
        assert (await gate.get(f"/files{wheel.path}")).content == wheel.content


async def test_rows_that_lie_are_shown_and_reported_once(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    lying = index.release("flask", "3.1.0")
    lying.extra["filename"] = "fiask-3.1.0-py3-none-any.whl"
    doubled = index.release("flask", "3.2.0")
    publish(index, doubled.filename, b"PK other")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        for _ in range(2):
            assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        told = (await gate.explained("flask"))["unreadable"]
        assert {row["filename"] for row in told} == {"fiask-3.1.0-py3-none-any.whl", doubled.filename}
        assert "fiask-3.1.0" in (await gate.get("/explain/flask", accept="text/html")).text
        assert len(await gate.events(TAG)) == 2
        refused = (await gate.get(f"/files{doubled.path}")).json()["reasons"][0]
        assert (refused["code"], "listed twice" in refused["sentence"]) == ("inconsistent", True)
