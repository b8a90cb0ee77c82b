"""Emergencies: who may review one, and how long it stays an alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from proxy.model import Actor
from proxy.policy import changes, emergencies
from tests.policy.facts import AT, approval, snapshot, wheel

HOUR = timedelta(hours=1)
OPENED = approval(wheel(), emergency=True, until=AT + HOUR, id="emergency:1", by="ada", by_id="account:ada")


@pytest.mark.parametrize(
    ("by_id", "actor", "same"),
    [
        ("account:ada", Actor("person", "account:ada", "ada", "owner"), True),
        ("account:ada", Actor("token", "token:1", "a laptop", "owner", owner="account:ada"), True),
        ("account:ada", Actor("token", "token:2", "ada", "owner", owner="account:bob"), False),
        ("account:ada", Actor("person", "account:bob", "bob", "owner"), False),
        ("token:1", Actor("person", "account:ada", " Ada ", "owner"), True),
        ("token:1", Actor("token", "token:2", "a laptop", "owner", owner="token:1"), True),
        ("token:1", Actor("person", "account:bob", "bob", "owner"), False),
    ],
)
def test_one_person_is_one_whatever_they_bring(by_id: str, actor: Actor, same: bool) -> None:
    assert emergencies.is_same_person(replace(OPENED, by_id=by_id), actor) is same


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
