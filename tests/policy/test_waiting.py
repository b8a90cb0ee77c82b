"""The inbox's order, what leaves it, and its pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.model import Ask, Build, Demand
from proxy.policy.fixes import Fix
from proxy.policy.waiting import Section, Waiting, page, waiting
from tests.policy.facts import AT, FLASK, approval, channel, snapshot, wheel

FIX = Fix(FLASK, "2.3.2", "", ("2.3.1",), ("PYSEC-1",))


def ask(project: str = "flask", specifier: str = "", days: float = 1, channel: str = "") -> Ask:
    """A request."""
    name = NormalizedName(project)
    return Ask(f"ask:{project}{specifier}{days}", name, specifier, "ada", "x", AT - timedelta(days=days), channel)


def refused(project: str = "flask", count: int = 1, *codes: str, channels: tuple[str, ...] = ("",)) -> Demand:
    """A refused name, last asked for at noon."""
    builds = tuple(Build("pip/26", False, name, count) for name in channels)
    return Demand(
        NormalizedName(project), count, ("10.0.0.9",), (), builds, codes or ("not-approved",), AT - timedelta(1), AT
    )


def told(items: list[Waiting]) -> list[tuple[Section, str]]:
    """Sections and projects, in order."""
    return [(item.section, item.body.project) for item in items]


def test_fixes_come_first_then_requests_then_what_was_refused_and_look_alikes_last() -> None:
    found = waiting(
        snapshot(),
        [FIX],
        [ask("numpy", days=1), ask("attrs", days=3)],
        [refused("six", 2), refused("click", 10), refused("reqeusts", 99, "look-alike", "not-approved")],
    )
    assert told(found) == [
        (Section.FIXES, "flask"),
        (Section.REQUESTS, "attrs"),
        (Section.REQUESTS, "numpy"),
        (Section.REFUSED, "click"),
        (Section.REFUSED, "six"),
        (Section.LOOK_ALIKES, "reqeusts"),
    ]


@pytest.mark.parametrize(
    ("request_", "with_fix"),
    [
        (ask("flask"), True),
        (ask("flask", ">=2.3.2"), True),
        (ask("flask", "==3.0"), False),
        (ask("flask", channel="research"), False),
        (ask("click"), False),
    ],
)
def test_a_request_that_a_fix_answers_stands_with_it(request_: Ask, with_fix: bool) -> None:
    first, *rest = waiting(snapshot(), [FIX], [request_], [])
    assert first.asks == ((request_,) if with_fix else ())
    assert told(rest) == ([] if with_fix else [(Section.REQUESTS, request_.project)])


@pytest.mark.parametrize(
    ("minutes", "where", "channels", "stays"),
    [
        (1, "", ("",), False),
        (-1, "", ("",), True),
        (1, "research", ("",), True),
        (1, "research", ("research",), False),
        (1, "", ("research",), False),
        (1, "research", ("", "research"), True),
        (1, "", ("", "closed"), False),
    ],
)
def test_a_refused_name_leaves_when_it_is_approved_wherever_it_was_refused(
    minutes: int, where: str, channels: tuple[str, ...], stays: bool
) -> None:
    granted = approval(wheel(), at=AT + timedelta(minutes=minutes), channel=where)
    found = waiting(snapshot(channel("research"), granted), [], [], [refused(channels=channels)])
    assert bool(found) is stays


def test_an_emergency_answers_nobody_for_good() -> None:
    later = AT + timedelta(minutes=1)
    emergency = approval(wheel(), at=later, emergency=True, until=later + timedelta(hours=1))
    assert waiting(snapshot(emergency), [], [], [refused()])


def test_a_guessed_file_is_nothing_that_anybody_needs() -> None:
    assert waiting(snapshot(), [], [], [refused("flask", 3, "unknown-file")]) == []


names = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g"]), unique=True)


@given(names, names, st.integers(1, 4))
def test_pages_show_everything_once_and_in_order(asked: list[str], wanted: list[str], limit: int) -> None:
    demand = [refused(name, at % 3 + 1) for at, name in enumerate(wanted)]
    items = waiting(snapshot(), [FIX], [ask(name) for name in asked], demand)
    seen: list[Waiting] = []
    cursor: str | None = ""
    while cursor is not None:
        shown, cursor = page(items, cursor, limit)
        assert 0 < len(shown) <= limit
        seen += shown
    assert seen == items


@pytest.mark.parametrize("text", ["x", "9.", "1", ".flask", "-1.x", "1 .x"])
def test_what_is_no_cursor_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        page([], text, 10)
