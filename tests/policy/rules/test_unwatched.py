"""A standing approval goes on as it was while news may have been missed, and lets nothing new in by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from proxy.model import Code, FeedState, ProjectPage, ReleaseFile, Terms
from proxy.policy.judge import judge
from proxy.policy.listing import compose
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, snapshot, subject, wheel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = Terms(stale_advisories="acknowledge", minimum_age=7 * DAY)
STALE_SINCE = AT - 2 * DAY
FROZEN = wheel("3.0.0")
RANGE = approval(FROZEN, specifier=">=3", standing=True)


def feed(stale_since: datetime) -> FeedState:
    newest = stale_since - TERMS.alarm_stale_after
    return FeedState("osv", 10, newest, newest, "0" * 64)


def policy(*entries: FeedState, terms: Terms = TERMS) -> PolicySnapshot:
    return snapshot(terms, RANGE, *entries)


def later(uploaded: datetime | None) -> ReleaseFile:
    return wheel("3.1.0", upload_time=uploaded)


@pytest.mark.parametrize(
    ("uploaded", "opens"),
    [
        (STALE_SINCE - 8 * DAY, True),  # it was served before the data went stale
        (STALE_SINCE - 7 * DAY, True),
        (STALE_SINCE - 7 * DAY + HOUR, False),  # old enough by now, and not by then
        (None, False),
    ],
)
def test_what_was_not_open_when_the_data_was_good_waits(uploaded: datetime | None, opens: bool) -> None:
    verdict = judge(subject(later(uploaded)), policy(feed(STALE_SINCE)), AT)
    assert verdict.allowed is opens
    assert (Code.ADVISORIES_STALE in {finding.code for finding in verdict.refusals}) is not opens


def test_without_a_minimum_age_the_upload_counts() -> None:
    terms = replace(TERMS, minimum_age=timedelta(0))
    known, new = later(STALE_SINCE - HOUR), later(STALE_SINCE + HOUR)
    assert [judge(subject(file), policy(feed(STALE_SINCE), terms=terms), AT).allowed for file in (known, new)] == [
        True,
        False,
    ]


def test_what_was_frozen_stays_open_and_nothing_else_without_any_data() -> None:
    assert judge(subject(FROZEN), policy(feed(STALE_SINCE)), AT).allowed
    assert judge(subject(FROZEN), policy(), AT).allowed
    verdict = judge(subject(later(AT - 300 * DAY)), policy(), AT)
    assert [finding.code for finding in verdict.refusals] == [Code.ADVISORIES_UNKNOWN]


def test_fresh_data_or_other_terms_open_the_range() -> None:
    file = later(AT - 8 * DAY)
    assert judge(subject(file), policy(feed(AT + HOUR)), AT).allowed
    assert judge(subject(file), policy(feed(STALE_SINCE), terms=replace(TERMS, stale_advisories="say")), AT).allowed


def test_an_approval_of_the_version_itself_opens_it() -> None:
    file = later(AT - 8 * DAY)
    own = approval(file, specifier="==3.1.0", id="own")
    assert judge(subject(file), snapshot(TERMS, RANGE, own, feed(STALE_SINCE)), AT).allowed


def test_what_nobody_approved_says_nothing_of_the_data() -> None:
    verdict = judge(subject(wheel("2.0.0", upload_time=AT - DAY)), policy(feed(STALE_SINCE)), AT)
    assert Code.ADVISORIES_STALE not in {finding.code for finding in verdict.refusals}


def test_a_kept_page_follows_when_the_data_goes_stale_and_comes_back() -> None:
    page = ProjectPage(FLASK, (FROZEN, later(STALE_SINCE + HOUR - 7 * DAY)))
    fresh = compose(FLASK, page, policy(feed(AT + HOUR)), AT)
    assert fresh.until is not None
    assert fresh.until <= AT + HOUR, "it is looked at again when the data goes stale"
    stale = compose(FLASK, page, policy(feed(STALE_SINCE)), AT, before=fresh)
    again = compose(FLASK, page, policy(feed(AT + HOUR)), AT, before=stale)
    assert [[item.file.version for item in made.allowed] for made in (stale, again)] == [["3.0.0"], ["3.1.0", "3.0.0"]]
