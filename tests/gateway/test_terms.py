"""Every term set and shown through the API, with before and after in the audit, and shown before it is in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proxy.model import Terms
from proxy.policy.terms import data
from tests.world.inside import house
from tests.world.upstream import Upstream

GIVEN: dict[str, Any] = {
    "mode": "observe",
    "minimum_age_days": 14.0,
    "ages": {"numpy": 2.0},
    "fixes": "pass",
    "freeze": "2026-06-01T00:00:00+00:00",
    "internal": ["acme-*"],
    "refuse_severity": "high",
    "refuse_unknown_severity": False,
    "licences": ["MIT", "GPL-2.0-only WITH Classpath-exception-2.0"],
    "refuse_unknown_licence": False,
    "provenance": ["flask"],
    "publishers": {"flask": "GitHub:pallets/flask"},
    "stale_advisories": "refuse",
    "warn_stale_after_hours": 12.0,
    "alarm_stale_after_hours": 48.0,
    "two_person": ["look-alike"],
}


async def test_every_term_is_set_shown_and_audited(tmp_path: Path, index: Upstream) -> None:
    assert GIVEN.keys() == data(Terms()).keys()
    async with house(tmp_path / "gate", index.url) as gate:
        for name in ("ada", "bob"):
            gate.member(name, "approver")
        before = await gate.admin("GET", "/terms")
        await gate.admin("PATCH", "/terms", **GIVEN, reason="all of them")
        after = await gate.admin("GET", "/terms")
        assert {name: after[name] for name in GIVEN} == GIVEN
        (event,) = await gate.events("policy:terms:set")
        assert event["detail"]["after"] == GIVEN
        assert event["detail"]["before"] == {name: before[name] for name in GIVEN}
    async with house(tmp_path / "gate", index.url) as gate:
        assert {name: (await gate.admin("GET", "/terms"))[name] for name in GIVEN} == GIVEN
        await gate.admin("PATCH", "/terms", ages={"NumPy": None, "click": 1}, freeze="off", reason="thaw")
        thawed = await gate.admin("GET", "/terms")
        assert (thawed["ages"], thawed["freeze"]) == ({"click": 1.0}, None)


async def test_a_channel_changes_what_it_inherits_entry_by_entry(tmp_path: Path, index: Upstream) -> None:
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("POST", "/channels", name="lab", reason="x")
        await gate.admin("PATCH", "/terms", ages={"numpy": 2}, reason="x")
        await gate.admin("PATCH", "/terms", channel="lab", ages={"click": 1}, freeze="now", reason="x")
        (channel,) = await gate.admin("GET", "/channels")
        assert channel["terms"]["ages"] == {"numpy": 2.0, "click": 1.0}
        assert channel["terms"]["freeze"]
        assert (await gate.admin("GET", "/terms"))["ages"] == {"numpy": 2.0}
        (event,) = await gate.events("policy:channel:changed")
        assert event["detail"]["after"]["ages"] == {"click": 1.0, "numpy": 2.0}


async def test_what_a_change_would_do_is_shown_without_upstream_and_changes_nothing(
    tmp_path: Path, index: Upstream
) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0", days=3)
    async with house(tmp_path / "gate", index.url, ttl=600) as gate:
        await gate.approve("flask")
        asked, revision = len(index.requests), (await gate.admin("GET", "/terms"))["revision"]
        opening = await gate.admin("PATCH", "/terms", minimum_age_days=1, reason="x", dry_run=True)
        assert [file["version"] for file in opening["opened"]] == ["3.1.0"]
        closing = await gate.admin("PATCH", "/terms", minimum_age_days=1000, reason="x", dry_run=True)
        assert [(file["version"], file["reasons"][0]["code"]) for file in closing["withheld"]] == [("3.0.0", "too-new")]
        assert (opening["changed"], opening["detail"]["before"]) == (False, {"minimum_age_days": 7.0})
        assert len(index.requests) == asked
        assert (await gate.admin("GET", "/terms"))["revision"] == revision
        done = await gate.admin("PATCH", "/terms", minimum_age_days=1, reason="x")
        assert (done["changed"], len(done["opened"])) == (True, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"licences": ["My Own"]}, "no SPDX licence identifier"),
        ({"licences": ["MIT OR ISC"]}, "no SPDX licence identifier"),
        ({"ages": {"fla sk": 1}}, "not the name of a project"),
        ({"ages": {"flask": -1}}, "greater than or equal"),
        ({"publishers": {"flask": "pallets"}}, "no publisher"),
        ({"freeze": "yesterday"}, "freeze"),
        ({"freeze": "2026-06-01T00:00:00"}, "freeze"),
        ({"minimum_age": 7}, "minimum_age"),
    ],
)
async def test_a_term_that_means_nothing_is_refused(
    tmp_path: Path, index: Upstream, given: dict[str, Any], said: str
) -> None:
    async with house(tmp_path / "gate", index.url) as gate:
        answer = await gate.asked("PATCH", "/terms", **given, reason="x")
        assert answer.status_code == 422
        assert said in answer.text
        assert not await gate.events("policy:terms:set")
