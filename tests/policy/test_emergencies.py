"""Emergencies: who may review one, and how long it stays an alarm."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.model import Actor
from proxy.policy import changes, emergencies
from tests.policy.facts import AT, approval, snapshot, wheel

HOUR = timedelta(hours=1)
OPENED = approval(wheel(), emergency=True, until=AT + HOUR, id="emergency:1", by="Ada", by_id="token:1")


@pytest.mark.parametrize(
    ("identity", "name", "same"),
    [
        ("token:1", "Ada", True),
        ("token:1", "grace", True),
        ("token:2", "Ada", True),
        ("token:2", " ada ", True),
        ("token:2", "grace", False),
    ],
)
def test_another_token_of_the_same_name_is_the_same_person(identity: str, name: str, same: bool) -> None:
    assert emergencies.is_same_person(OPENED, Actor("token", identity, name, "owner")) is same


def test_it_stays_an_alarm_after_its_end_until_it_is_reviewed() -> None:
    policy = changes.apply(snapshot(), emergencies.opened(OPENED))
    assert emergencies.alarms(policy) == [OPENED]
    assert "is open until 2026-06-01 13:00 UTC" in emergencies.sentence(OPENED, AT)
    assert "ended 2026-06-01 13:00 UTC" in emergencies.sentence(OPENED, AT + HOUR)
    assert OPENED.reason not in emergencies.sentence(OPENED, AT)
    reviewed = changes.apply(policy, emergencies.reviewed(OPENED, "it was right"))
    assert emergencies.alarms(reviewed) == []
    assert [entry.reviewed for entry in emergencies.emergencies(reviewed)] == ["it was right"]
    assert emergencies.open_at(reviewed, AT), "a review does not end it"


def test_ended_early_it_opens_nothing_and_waits_on() -> None:
    policy = changes.apply(snapshot(), emergencies.opened(OPENED))
    ended = changes.apply(policy, emergencies.ended([OPENED], "done", AT))
    assert emergencies.open_at(ended, AT) == []
    assert [entry.id for entry in emergencies.alarms(ended)] == [OPENED.id]
