"""Terms as data, how one set becomes another, and what a change does to what is approved, without asking anybody."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from proxy.model import Terms
from proxy.policy.terms import amended, data, difference, turns
from tests.policy.facts import AT, approval, channel, snapshot, wheel

DAY = timedelta(days=1)
YOUNG = wheel("3.1.0", upload_time=AT - 3 * DAY, licence="MIT")
OLD = wheel("3.0.0", licence="GPL-3.0-only")


def test_every_term_is_shown() -> None:
    shown = {name.removesuffix("_days").removesuffix("_hours") for name in data(Terms())}
    assert shown == {field.name for field in fields(Terms)} - {"id"}


def test_terms_by_project_are_changed_entry_by_entry() -> None:
    before = Terms(ages={"numpy": DAY, "flask": DAY}, publishers={"flask": "GitHub:a/b"})
    after = amended(before, {"ages": {"numpy": None, "click": 2 * DAY}, "fixes": "pass"})
    assert after.ages == {"flask": DAY, "click": 2 * DAY}
    assert (after.publishers, after.fixes) == (before.publishers, "pass")


def test_an_auditor_reads_what_a_change_changed() -> None:
    before = Terms()
    after = amended(before, {"freeze": AT, "licences": ("MIT",), "mode": "enforce"})
    assert difference(before, after) == {
        "before": {"freeze": None, "licences": []},
        "after": {"freeze": AT.isoformat(), "licences": ["MIT"]},
    }
    assert difference(before, amended(before, {"minimum_age": DAY / 2}))["after"] == {"minimum_age_days": "0.5"}
    assert difference(before, before) == {"before": {}, "after": {}}


@pytest.mark.parametrize(
    ("given", "withheld", "opened"),
    [
        ({"minimum_age": 2 * DAY}, [], [("", "3.1.0"), ("lab", "3.1.0")]),
        ({"ages": {"flask": 2 * DAY}}, [], [("", "3.1.0"), ("lab", "3.1.0")]),
        ({"licences": ("MIT",)}, [("", "3.0.0"), ("lab", "3.0.0"), ("strict", "3.0.0")], []),
        ({"freeze": AT - 500 * DAY}, [("", "3.0.0"), ("lab", "3.0.0"), ("strict", "3.0.0")], []),
        ({"mode": "enforce"}, [], []),
    ],
)
def test_a_change_says_which_approved_files_it_withholds_or_opens(
    given: dict[str, Any], withheld: list[tuple[str, str]], opened: list[tuple[str, str]]
) -> None:
    before = snapshot(approval(OLD, YOUNG), channel("lab"), channel("strict", minimum_age=7 * DAY, ages={}))
    after = before.amended([amended(before.terms, given)], (), 8)
    found = turns(before, after, AT)
    assert [(t.channel, t.judged.file.version) for t in found if not t.opened] == withheld
    assert [(t.channel, t.judged.file.version) for t in found if t.opened] == opened
