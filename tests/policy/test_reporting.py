"""The report of a period: what falls into it, what is in force at its end, and how long things took."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from packaging.utils import NormalizedName

from proxy.model import Actor, Approval, Ask, AuditEvent, FeedState, Prohibition, Waiver
from proxy.policy.reporting import Facts, Lifetime, Tally, report
from tests.policy.facts import AT, FLASK, approval, wheel

DAY = timedelta(days=1)
UNTIL = AT + 30 * DAY
TALLY = Tally({"refused": 3, "allowed": 40}, {"too-new": 1, "not-approved": 2, "malware": 2}, 30, 4, 0)


def made(*lifetimes: Lifetime, events: tuple[AuditEvent, ...] = (), refused: tuple[timedelta, ...] = ()) -> Any:
    """The report of a month."""
    return report(Facts(AT, UNTIL, lifetimes, TALLY, events, refused))


def granted(identity: str, at: datetime, **facts: Any) -> Approval:
    return replace(approval(wheel(), id=identity, at=at), **facts)


def waiver(identity: str, until: datetime) -> Waiver:
    return Waiver(identity, FLASK, ">=2", "PYSEC-1", "ada", "not reachable", AT, until)


def test_a_period_has_its_beginning_and_not_its_end() -> None:
    lives = [Lifetime(granted(str(n), at), at) for n, at in enumerate((AT - DAY, AT, UNTIL - DAY, UNTIL))]
    assert [one["at"] for one in made(*lives)["approvals"]] == [AT.isoformat(), (UNTIL - DAY).isoformat()]


def test_decisions_are_told_by_verdict_and_reason() -> None:
    assert made()["decisions"] == {
        "verdicts": {"allowed": 40, "refused": 3},
        "reasons_of_refusals": {"malware": 2, "not-approved": 2, "too-new": 1},
        "files_handed_out": 30,
        "clients": 4,
        "archived": 0,
    }


def test_waivers_are_in_force_or_ended_of_themselves_or_by_somebody() -> None:
    lives = [
        Lifetime(waiver("goes on", UNTIL + DAY), AT),
        Lifetime(waiver("ran out", AT + DAY), AT),
        Lifetime(waiver("ran out before", AT - DAY), AT - 9 * DAY),
        Lifetime(waiver("was ended", UNTIL + DAY), AT, AT + 2 * DAY, "project:waiver:ended", "eve", "fixed"),
        Lifetime(waiver("is ended later", UNTIL + 9 * DAY), AT, UNTIL + DAY, "project:waiver:ended", "eve", "fixed"),
        Lifetime(waiver("is granted later", UNTIL + 9 * DAY), UNTIL + DAY),
    ]
    found = made(*lives)["waivers"]
    assert [one["until"] for one in found["in_force"]] == [(UNTIL + DAY).isoformat(), (UNTIL + 9 * DAY).isoformat()]
    assert [one["ended"] for one in found["in_force"]] == [None, None]
    assert [(one["ended"], one["ended_by"]) for one in found["ended"]] == [
        ((AT + DAY).isoformat(), ""),
        ((AT + 2 * DAY).isoformat(), "eve"),
    ]


def test_exceptions_are_those_declared_or_still_in_force() -> None:
    lives = [
        Lifetime(granted("now", AT + DAY, emergency=True, until=AT + 2 * DAY), AT + DAY),
        Lifetime(granted("from before", AT - DAY, emergency=True, until=UNTIL + DAY), AT - DAY),
        Lifetime(granted("long over", AT - 9 * DAY, emergency=True, until=AT - DAY), AT - 9 * DAY),
        Lifetime(granted("none", AT + DAY), AT + DAY),
    ]
    assert len(made(*lives)["exceptions"]) == 2


def test_an_approval_that_was_looked_at_again_is_one_approval() -> None:
    first = granted("one", AT + DAY, emergency=True, until=UNTIL + DAY)
    looked_at = replace(first, reviewed="needed after all")
    lives = [
        Lifetime(first, AT + DAY, AT + 2 * DAY, "project:approval:reviewed", "eve", "ok", replaced=True),
        Lifetime(looked_at, AT + 2 * DAY),
    ]
    found = made(*lives)
    assert [one["at"] for one in found["approvals"]] == [(AT + DAY).isoformat()]
    assert found["revoked"] == []


def test_what_was_taken_back_says_by_whom_and_why() -> None:
    life = Lifetime(granted("one", AT - DAY), AT - DAY, AT + DAY, "project:approval:revoked", "eve", "it phones home")
    (one,) = made(life)["revoked"]
    assert (one["project"], one["ended_by"], one["ended_reason"]) == ("flask", "eve", "it phones home")


def test_times_are_counted_from_the_asking_and_from_the_advisory() -> None:
    asks = [
        Lifetime(Ask(str(n), FLASK, "", "dev", "x", AT), AT, AT + timedelta(hours=hours), "project:approval:granted")
        for n, hours in enumerate((1, 2, 9))
    ]
    waiting = Lifetime(Ask("w", FLASK, "", "dev", "x", AT), AT)
    found = made(*asks, waiting, refused=(timedelta(hours=2), timedelta(hours=4), timedelta(hours=-1)))["times"]
    assert found["from_request_to_decision"] == {"count": 3, "mean_seconds": 14400, "median_seconds": 7200}
    assert found["from_advisory_to_refusal"] == {"count": 3, "mean_seconds": 7200, "median_seconds": 7200}
    assert found["requests_waiting"] == 1
    assert made()["times"]["from_request_to_decision"] == {"count": 0, "mean_seconds": None, "median_seconds": None}


def test_the_age_of_the_advisory_data_is_that_at_the_end() -> None:
    feeds = [FeedState("OSV", n, AT + n * DAY, AT + n * DAY, "a" * 64) for n in (1, 2, 40)]
    found = made(*(Lifetime(feed, feed.synced) for feed in feeds))["advisory_data"]
    assert (found["records"], found["age_seconds"]) == (2, 28 * 86400)
    assert made()["advisory_data"] is None


def test_trouble_with_the_record_stands_in_the_report() -> None:
    who = Actor("system", "system", "wicketgate", "system")
    events = tuple(
        AuditEvent(n, at, tag, who, "", f"{tag} at {n}", 1, {}, "", "")
        for n, (at, tag) in enumerate(
            [
                (AT - DAY, "audit:log:flawed"),
                (AT, "audit:log:verified"),
                (AT + DAY, "audit:log:flawed"),
                (AT + DAY, "audit:decisions:gap"),
            ]
        )
    )
    found = made(events=events)["record"]
    assert [one["intact"] for one in found["verified"]] == [True, False]
    assert [one["tag"] for one in found["trouble"]] == ["audit:log:flawed", "audit:decisions:gap"]


def test_a_report_is_plain_data() -> None:
    no = Prohibition("p", NormalizedName("left-pad"), "", "ada", "no", AT)
    everything = made(Lifetime(granted("a", AT), AT), Lifetime(no, AT), Lifetime(waiver("w", UNTIL), AT))
    assert json.loads(json.dumps(everything)) == everything
