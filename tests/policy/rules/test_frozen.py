"""A freeze withholds what was uploaded afterwards or does not say when, until an approver looks at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from proxy.model import Code, Terms
from proxy.policy.judge import judge
from proxy.policy.rules.frozen import frozen
from tests.policy.facts import AT, approval, snapshot, subject, wheel

FREEZE = AT - timedelta(days=10)
TERMS = Terms(stale_advisories="say", freeze=FREEZE)


@pytest.mark.parametrize(
    ("uploaded", "refused"),
    [
        (FREEZE - timedelta(seconds=1), False),
        (FREEZE, False),
        (FREEZE + timedelta(seconds=1), True),
        (AT + timedelta(days=1), True),
        (datetime(1999, 1, 1, tzinfo=UTC), True),
        (None, True),
    ],
)
def test_what_was_uploaded_after_the_freeze_is_withheld(uploaded: datetime | None, refused: bool) -> None:
    found = [finding.code for finding in frozen(subject(wheel(upload_time=uploaded)), snapshot(TERMS), AT)]
    assert found == ([Code.FROZEN] if refused else [])


def test_without_a_freeze_nothing_is_frozen() -> None:
    assert not list(frozen(subject(wheel(upload_time=None)), snapshot(), AT))
    assert not list(frozen(subject(), snapshot(TERMS), AT))


def test_an_approver_releases_what_was_looked_at_and_nothing_else() -> None:
    late, later = wheel("3.1", upload_time=AT - timedelta(days=9)), wheel("3.2", upload_time=AT - timedelta(days=9))
    policy = snapshot(TERMS, approval(late, specifier=">=3", standing=True, acknowledged=("frozen",)))
    assert judge(subject(late), policy, AT).allowed
    assert [finding.code for finding in judge(subject(later), policy, AT).refusals] == [Code.FROZEN]
