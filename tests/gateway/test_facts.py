"""Licences and publishers: pinned at the approval, learnt for standing ones, unknown where nothing says them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import packages
from tests.world.inside import House, house
from tests.world.upstream import Answer, Listed, Upstream, now

OURS = "GitHub:pallets/flask"


async def refusals(gate: House, version: str) -> list[str]:
    """The codes for which a version of flask is refused."""
    found = (await gate.explained(f"flask/{version}"))["reasons"]
    return [reason["code"] for reason in found if reason["effect"] == "forbid"]


async def test_a_licence_is_pinned_and_judged_from_what_was_kept(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0", licence="BSD-3-Clause")
    index.release("flask", "3.1.0", licence="GPL-3.0-only OR MIT")
    index.release("flask", "3.2.0")
    async with house(tmp_path / "gate", index.url, ttl=600) as gate:
        facts = (await gate.approve("flask"))["facts"]
        assert [file["licence"] for file in facts] == ["BSD-3-Clause", "GPL-3.0-only OR MIT", ""]
        index.down()
        wanted = {"licences": ["mit", "Apache-2.0"], "reason": "legal said so"}
        shown = await gate.admin("PATCH", "/terms", **wanted, dry_run=True)
        assert [file["version"] for file in shown["withheld"]] == ["3.2.0", "3.0.0"]
        assert len(await gate.served()) == 3
        await gate.admin("PATCH", "/terms", **wanted)
        assert await gate.served() == ["flask-3.1.0-py3-none-any.whl"]
        assert await refusals(gate, "3.0.0") == ["licence"]
        assert await refusals(gate, "3.2.0") == ["licence-unknown"]
        await gate.admin("PATCH", "/terms", refuse_unknown_licence=False, reason="for now")
        assert len(await gate.served()) == 2
        index.up()


async def test_what_a_standing_approval_lets_in_is_asked_for_its_licence_once(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0", licence="MIT")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("PATCH", "/terms", licences=["MIT"], reason="legal said so")
        await gate.approve("flask>=3", standing=True)
        good, bad = index.release("flask", "3.1.0", licence="MIT"), index.release("flask", "3.2.0", licence="ISC")
        for _ in range(3):
            assert await gate.served() == [good.filename, "flask-3.0.0-py3-none-any.whl"]
        assert await refusals(gate, "3.2.0") == ["licence"]
        for wheel in (good, bad):
            assert len(index.asked(f"{wheel.path}.metadata")) == 1


async def test_a_source_archive_has_the_licence_of_its_release_or_its_own(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0", licence="MIT")
    index.sdist("flask", "3.0.0")
    index.sdist("flask", "2.0.0", licence="MIT")
    index.sdist("flask", "1.0.0", licence="ISC")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("PATCH", "/terms", licences=["MIT"], reason="legal said so")
        outcome = await gate.approve("flask", sdists=True)
        assert {file["filename"]: file["licence"] for file in outcome["facts"]} == {
            "flask-3.0.0-py3-none-any.whl": "MIT",
            "flask-3.0.0.tar.gz": "MIT",
            "flask-2.0.0.tar.gz": "MIT",
            "flask-1.0.0.tar.gz": "ISC",
        }
        assert outcome["versions"] == ["3.0.0", "2.0.0"]


async def test_a_publisher_is_pinned_shown_and_asked_for(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0", publisher=OURS)
    index.release("flask", "3.1.0", publisher="GitHub:evil/flask")
    index.release("flask", "3.2.0")
    async with house(tmp_path / "gate", index.url) as gate:
        facts = (await gate.approve("flask"))["facts"]
        assert [file["publisher"] for file in facts] == [OURS, "GitHub:evil/flask", None]
        shown = (await gate.explained("flask/3.0.0"))["files"][0]
        assert (shown["publisher"], shown["licence"]) == (OURS, "")
        assert f"<td>{OURS}</td>" in (await gate.get("/explain/flask/3.0.0", accept="text/html")).text
        await gate.admin("PATCH", "/terms", provenance=["Fl*"], reason="we want to know")
        assert len(await gate.served()) == 2
        await gate.admin("PATCH", "/terms", publishers={"Flask": OURS}, reason="from them alone")
        assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        assert await refusals(gate, "3.1.0") == await refusals(gate, "3.2.0") == ["provenance"]
        assert (await gate.admin("GET", "/terms"))["publishers"] == {"flask": OURS}


async def test_provenance_of_what_a_standing_approval_lets_in_is_learnt(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0", publisher=OURS)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("PATCH", "/terms", publishers={"flask": OURS}, reason="from them alone")
        await gate.approve("flask>=3", standing=True)
        index.release("flask", "3.1.0", publisher="GitHub:evil/flask")
        index.release("flask", "3.2.0", publisher=OURS)
        assert await gate.served() == ["flask-3.2.0-py3-none-any.whl", "flask-3.0.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("lie", "answer"),
    [
        ({"provenance": "http://127.0.0.1:1/secret.provenance"}, None),
        ({}, Answer(body=packages.provenance(OURS, "e" * 64))),
        ({}, Answer(status=404)),
        ({}, Answer(body=b"{}")),
        ({}, Answer(body=b"x" * (9 << 20))),
    ],
)
async def test_provenance_that_is_not_to_be_had_or_not_about_the_file_is_none(
    tmp_path: Path, index: Upstream, lie: dict[str, object], answer: Answer | None
) -> None:
    wheel = index.release("flask", "3.0.0", publisher=OURS)
    wheel.extra.update(lie)
    if answer:
        index.misbehave(f"{wheel.path}.provenance", answer)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("PATCH", "/terms", provenance=["flask"], reason="we want to know")
        outcome = await gate.approve("flask")
        assert [held["reasons"][0]["code"] for held in outcome["still_withheld"]] == ["provenance"]


async def test_a_wheel_without_metadata_beside_it_has_an_unknown_licence(tmp_path: Path, index: Upstream) -> None:
    content = packages.wheel("flask", "3.0.0", licence="MIT")
    index.publish(Listed("flask", "3.0.0", "flask-3.0.0-py3-none-any.whl", content, now().replace(year=2024)))
    async with house(tmp_path / "gate", index.url) as gate:
        assert (await gate.approve("flask"))["facts"][0]["licence"] == ""
        await gate.admin("PATCH", "/terms", licences=["MIT"], reason="legal said so")
        assert await gate.served() == []
        assert (await gate.approve("flask"))["facts"][0]["licence"] == "MIT", "where it matters the file is read itself"
        assert len(await gate.served()) == 1
