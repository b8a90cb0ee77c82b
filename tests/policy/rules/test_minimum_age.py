"""Too new until it is old enough; and what says no date, or an impossible one, is too new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from proxy.model import Code, Terms
from proxy.policy.rules.minimum_age import minimum_age
from tests.policy.facts import AT, snapshot, subject, wheel

WEEK = timedelta(days=7)
CASES = [
    ("old", AT - WEEK - timedelta(seconds=1), None),
    ("exactly old enough", AT - WEEK, None),
    ("a second too young", AT - WEEK + timedelta(seconds=1), Code.TOO_NEW),
    ("in the future", AT + timedelta(days=1), Code.TOO_NEW),
    ("before there was an index", datetime(1999, 1, 1, tzinfo=UTC), Code.TOO_NEW),
    ("without a date", None, Code.TOO_NEW),
]


@pytest.mark.parametrize(("uploaded", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_file_waits_for_its_age(uploaded: datetime | None, code: Code | None) -> None:
    found = [finding.code for finding in minimum_age(subject(wheel(upload_time=uploaded)), snapshot(), AT)]
    assert found == ([code] if code else [])


def test_a_young_file_says_when_it_will_be_old_enough() -> None:
    uploaded = AT - timedelta(days=1)
    (finding,) = minimum_age(subject(wheel(upload_time=uploaded)), snapshot(), AT)
    assert finding.until == uploaded + WEEK


def test_the_terms_may_ask_for_no_age_at_all() -> None:
    anything = snapshot(Terms(minimum_age=timedelta(0)))
    assert not list(minimum_age(subject(wheel(upload_time=None)), anything, AT))
