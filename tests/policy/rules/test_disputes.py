"""A report of malware gives way to two people who dispute it, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from proxy.model import Advisory, Affected, Code, Terms, Waiver
from proxy.policy.judge import judge
from proxy.policy.ranges import AdvisoryIndex
from tests.policy.facts import AT, FLASK, approval, snapshot, subject, wheel

REPORT = Advisory("MAL-1", AT, (Affected(FLASK, ("3.0.0",), ()),), malicious=True)
ALIAS = Advisory("GHSA-1", AT, (Affected(FLASK, ("3.0.0",), ()),), aliases=("MAL-1",))
DISPUTE = Waiver("w", FLASK, "==3.0.0", "MAL-1", "ada", "a false report", AT, AT + timedelta(days=9), second="eve")


def allowed(*advisories: Advisory, waiver: Waiver, days: float = 0, mode: str = "enforce") -> bool:
    terms = Terms(mode=mode)  # type: ignore[arg-type]
    here = replace(snapshot(terms, approval(wheel()), waiver), advisories=AdvisoryIndex.of(advisories))
    return judge(subject(wheel()), here, AT + timedelta(days=days)).allowed


def test_two_people_set_a_report_aside_and_it_says_so_loudly() -> None:
    here = replace(snapshot(approval(wheel()), DISPUTE), advisories=AdvisoryIndex.of([REPORT]))
    verdict = judge(subject(wheel()), here, AT)
    assert verdict.allowed
    (said,) = [finding for finding in verdict.findings if finding.code is Code.WAIVED]
    assert (
        said.sentence
        == "MAL-1 REPORTS MALWARE in flask==3.0.0; ada and eve dispute it until 2026-06-10: a false report"
    )
    assert verdict.until == DISPUTE.until


@pytest.mark.parametrize("mode", ["enforce", "observe"])
@pytest.mark.parametrize(
    ("waiver", "days"),
    [
        (replace(DISPUTE, second=""), 0),
        (DISPUTE, 9),
        (replace(DISPUTE, specifier="<3"), 0),
        (replace(DISPUTE, advisory="MAL-2"), 0),
    ],
)
def test_nothing_less_does(waiver: Waiver, days: float, mode: str) -> None:
    assert not allowed(REPORT, waiver=waiver, days=days, mode=mode)


def test_another_record_of_the_same_matter_still_refuses() -> None:
    assert not allowed(REPORT, ALIAS, waiver=DISPUTE)
    assert not allowed(REPORT, ALIAS, waiver=replace(DISPUTE, advisory="GHSA-1"))


def test_a_waiver_from_before_the_report_does_not_count_for_it() -> None:
    """One person waived a weakness; the record then says that it is malware."""
    weakness = structs.replace(REPORT, malicious=False)
    waived = replace(DISPUTE, second="")
    assert allowed(weakness, waiver=waived)
    assert not allowed(REPORT, waiver=waived)
