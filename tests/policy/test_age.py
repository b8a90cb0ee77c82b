"""How old the advisory data is: by its content and by its last sync, whichever is worse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.model import FeedState, Terms
from proxy.policy.age import Level, age, sentence
from tests.policy.facts import AT

HOUR = timedelta(hours=1)


def feed(content: float, sync: float) -> FeedState:
    """Data whose newest content and last sync are so many hours old."""
    return FeedState("osv", 8895, AT - content * HOUR, AT - sync * HOUR, "ab" * 32)


@pytest.mark.parametrize(
    ("content", "sync", "level", "worse_in"),
    [
        (0, 0, "fresh", 24),
        (23, 0, "fresh", 1),
        (24, 0, "old", 48),
        (0, 24, "old", 48),
        (71, 71, "old", 1),
        (72, 0, "stale", None),
        (0, 72, "stale", None),
        (9999, 9999, "stale", None),
    ],
)
def test_the_worse_of_two_ages_decides(content: float, sync: float, level: Level, worse_in: float | None) -> None:
    judged = age(feed(content, sync), Terms(), AT)
    assert (judged.level, judged.content, judged.sync) == (level, content * HOUR, sync * HOUR)
    assert judged.until == (None if worse_in is None else AT + worse_in * HOUR)


def test_no_data_is_a_level_of_its_own() -> None:
    judged = age(None, Terms(), AT)
    assert (judged.level, judged.content, judged.sync, judged.until) == ("none", None, None, None)
    assert sentence(None, Terms(), AT) == "none: nothing is known to be safe."


def test_the_terms_say_from_when_on() -> None:
    terms = Terms(warn_stale_after=2 * HOUR, alarm_stale_after=3 * HOUR)
    assert [age(feed(hours, 0), terms, AT).level for hours in (1, 2, 3)] == ["fresh", "old", "stale"]
    alarm_first = Terms(warn_stale_after=9 * HOUR, alarm_stale_after=3 * HOUR)
    assert [age(feed(hours, 0), alarm_first, AT).level for hours in (1, 2, 3)] == ["fresh", "fresh", "stale"]


@pytest.mark.parametrize(
    ("content", "sync", "said"),
    [
        (0.5, 0, "8895 records from osv, the newest 30 minutes old, taken in 0 minutes ago, SHA-256 abababababab."),
        (23, 3, "8895 records from osv, the newest 23 hours old, taken in 3 hours ago, SHA-256 abababababab."),
        (30, 0, "OLD: 8895 records from osv, the newest 30 hours old, taken in 0 minutes ago, SHA-256 abababababab."),
        (1, 99, "STALE: 8895 records from osv, the newest 60 minutes old, taken in 4 days ago, SHA-256 abababababab."),
    ],
)
def test_the_sentence_names_records_ages_and_digest(content: float, sync: float, said: str) -> None:
    assert sentence(feed(content, sync), Terms(), AT) == said
