"""Too new until it is old enough, by project; and which young release passes because it is a fix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from proxy.model import Advisory, Affected, AffectedRange, Code, Effect, Entry, Severity, Terms, Waiver
from proxy.policy.judge import judge
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.rules.minimum_age import minimum_age
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.telling import codes
from tests.policy.facts import AT, FLASK, approval, knowing, snapshot, subject, wheel

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


@pytest.mark.parametrize(
    ("ages", "days", "refused"),
    [
        ({}, 6, True),
        ({"flask": timedelta(days=2)}, 6, False),
        ({"flask": timedelta(days=2)}, 1, True),
        ({"flask": timedelta(days=30)}, 8, True),
        ({"flask": timedelta(0)}, 0, False),
        ({"numpy": timedelta(0)}, 6, True),
    ],
)
def test_a_project_may_have_an_age_of_its_own(ages: dict[str, timedelta], days: int, refused: bool) -> None:
    young = wheel(upload_time=AT - timedelta(days=days))
    assert bool(list(minimum_age(subject(young), snapshot(Terms(ages=ages)), AT))) is refused


OLD, FIX, LATER = wheel("3.0.0"), wheel("3.0.1", upload_time=AT - timedelta(days=1)), wheel("3.0.2")
PASS, WAIT = (Terms(stale_advisories="say", fixes=fixes) for fixes in ("pass", "wait"))
WAIVER = Waiver("w", FLASK, "", "X-1", "ada", "unreachable", AT, AT + timedelta(days=2))
BELOW = Terms(fixes="pass", refuse_severity="high", refuse_unknown_severity=False)


def advisory(identity: str = "X-1", *, malicious: bool = False, since: str = "0", fixed: str = "3.0.1") -> Advisory:
    events = (("introduced", since), ("fixed", fixed))
    affected = Affected(FLASK, (), (AffectedRange("ECOSYSTEM", events),))
    return Advisory(identity, AT, (affected,), malicious=malicious, severity=Severity("low"))


def policy(*advisories: Advisory, entries: tuple[Entry, ...]) -> PolicySnapshot:
    return knowing(snapshot(*entries), AdvisoryIndex.of(advisories))


STANDING, BEYOND, EVERY = (approval(specifier=spec, standing=True) for spec in (">=3", ">=3.0.1", ""))
TAKEN_OVER = advisory("MAL-1", malicious=True, since="5.0", fixed="5.1")

FIXES = [
    ("the fix of what is approved", [advisory()], (PASS, approval(OLD)), Code.FIX),
    ("of what a standing range lets in", [advisory()], (PASS, STANDING), Code.FIX),
    ("of what a whole project's standing approval lets in", [advisory()], (PASS, EVERY), Code.FIX),
    ("of a stretch that begins within the range", [advisory(since="3.0.0.5")], (PASS, STANDING), Code.FIX),
    ("all that the range lets in is beyond the fault", [advisory()], (PASS, BEYOND), Code.TOO_NEW),
    ("a stretch of the range is malware", [advisory(), TAKEN_OVER], (PASS, STANDING), Code.TOO_NEW),
    ("where fixes wait", [advisory()], (WAIT, approval(OLD)), Code.TOO_NEW),
    ("nothing of it is approved", [advisory()], (PASS,), Code.TOO_NEW),
    ("what is approved is not affected", [advisory()], (PASS, approval(LATER)), Code.TOO_NEW),
    ("no advisory names it", [advisory(fixed="3.0.0.1")], (PASS, approval(OLD)), Code.TOO_NEW),
    ("the approval has ended", [advisory()], (PASS, approval(OLD, until=AT)), Code.TOO_NEW),
    ("the advisory is waived", [advisory()], (PASS, approval(OLD), WAIVER), Code.TOO_NEW),
    ("the advisory withholds nothing", [advisory()], (BELOW, approval(OLD)), Code.TOO_NEW),
    ("the approved one is malware", [advisory(malicious=True)], (PASS, approval(OLD)), Code.TOO_NEW),
    ("and is malware too", [advisory(), advisory("MAL-1", malicious=True)], (PASS, approval(OLD)), Code.TOO_NEW),
]


@pytest.mark.parametrize(("known", "entries", "code"), [c[1:] for c in FIXES], ids=[c[0] for c in FIXES])
def test_a_young_release_passes_only_as_a_fix(known: list[Advisory], entries: tuple[Entry, ...], code: Code) -> None:
    (finding,) = minimum_age(subject(FIX), policy(*known, entries=entries), AT)
    assert finding.code is code
    assert finding.effect is (Effect.ADVISE if code is Code.FIX else Effect.FORBID)


def test_a_fix_says_what_it_fixes_whether_it_passes_or_waits() -> None:
    for terms in (PASS, WAIT):
        (finding,) = minimum_age(subject(FIX), policy(advisory(), entries=(terms, approval(OLD))), AT)
        assert finding.evidence["fixes"] == "X-1"
        assert "fixes X-1" in finding.sentence


def test_a_fix_that_passes_stands_in_the_record() -> None:
    standing = approval(OLD, specifier=">=3", standing=True)
    verdict = judge(subject(FIX), policy(advisory(), entries=(PASS, standing)), AT)
    assert verdict.allowed
    assert codes(verdict) == ("approved", "fix-released-early")


def test_what_has_no_date_is_no_fix() -> None:
    undated = wheel("3.0.1", upload_time=None)
    (finding,) = minimum_age(subject(undated), policy(advisory(), entries=(PASS, approval(OLD))), AT)
    assert finding.code is Code.TOO_NEW


def test_a_fix_is_looked_at_again_when_its_waiver_or_its_approval_ends() -> None:
    waived = policy(advisory(), entries=(PASS, approval(OLD), WAIVER))
    (waits,) = minimum_age(subject(FIX), waived, AT)
    assert waits.until == WAIVER.until
    ending = approval(OLD, until=AT + timedelta(hours=1))
    (passes,) = minimum_age(subject(FIX), policy(advisory(), entries=(PASS, ending)), AT)
    assert passes.until == ending.until
