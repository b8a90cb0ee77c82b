"""Exact files by digest: only those, whatever they are; a digest of nothing changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world.inside import house
from tests.world.upstream import Upstream


async def test_only_the_named_files_are_frozen_whatever_they_are(tmp_path: Path, index: Upstream) -> None:
    wheel, archive = index.release("flask", "3.0.0"), index.sdist("flask", "3.0.0")
    early = index.release("flask", "3.1.0rc1")
    async with house(tmp_path / "gate", index.url) as gate:
        outcome = await gate.approve("flask", sha256=[archive.sha256.upper(), early.sha256])
        assert set(outcome["opened"]) == {archive.filename, early.filename}
        assert (await gate.get(f"/files{archive.path}")).content == archive.content
        refused = (await gate.get(f"/files{wheel.path}")).json()["reasons"][0]
        assert (refused["code"], "other files of this version are" in refused["sentence"]) == ("not-approved", True)
        assert (await gate.admin("GET", "/inbox"))["late_files"] == []


@pytest.mark.parametrize(
    ("requirement", "options", "said"),
    [
        ("flask", {"sha256": ["e" * 64]}, "has the digest"),
        ("flask>3", {}, "has the digest"),
        ("flask", {"standing": True}, "cannot be a standing one"),
        ("flask", {"sha256": ["xyz"]}, "sha256"),
    ],
)
async def test_what_names_nothing_changes_nothing(
    tmp_path: Path, index: Upstream, requirement: str, options: dict[str, object], said: str
) -> None:
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        given = {"requirement": requirement, "reason": "x", "sha256": [wheel.sha256], **options}
        answer = await gate.asked("POST", "/approvals", **given)
        assert answer.status_code == 422
        assert said in answer.text
        assert not await gate.events("project:approval:granted")
