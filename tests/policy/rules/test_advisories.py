"""Known vulnerabilities and malware: what refuses, what a waiver does and when it ends, where to move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from proxy.model import Advisory, Affected, AffectedRange, Code, Effect, Entry, Rating, Severity, Terms, Waiver
from proxy.policy.judge import judge
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.rules.advisories import advisories
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, snapshot, subject, wheel

DAY = timedelta(days=1)


def record(identity: str = "PYSEC-1", fixed: str = "2.0", rating: Rating = "high", **facts: Any) -> Advisory:
    """An advisory about everything below a version."""
    events = (("introduced", "0"), ("fixed", fixed)) if fixed else (("introduced", "0"),)
    affected = Affected(FLASK, (), (AffectedRange("ECOSYSTEM", events),))
    return Advisory(identity, AT, (affected,), severity=Severity(rating, facts.pop("score", None)), **facts)


def waiver(advisory: str = "PYSEC-1", specifier: str = "<2", days: int = 30, **facts: Any) -> Waiver:
    """A waiver that ends."""
    return Waiver(
        f"waiver:{advisory}", FLASK, specifier, advisory, "ada", "not reachable", AT, AT + days * DAY, **facts
    )


def knowing(*records: Advisory, entries: tuple[Entry, ...] = ()) -> PolicySnapshot:
    """A policy that knows these advisories."""
    known = PolicySnapshot(advisories=AdvisoryIndex.of(records))
    return known.amended((*snapshot().origins, *entries), (), 7)


@pytest.mark.parametrize(
    ("rating", "terms", "effect"),
    [
        ("low", Terms(), Effect.FORBID),
        ("none", Terms(), Effect.ADVISE),
        ("medium", Terms(refuse_severity="high"), Effect.ADVISE),
        ("high", Terms(refuse_severity="high"), Effect.FORBID),
        ("critical", Terms(refuse_severity="critical"), Effect.FORBID),
        ("unknown", Terms(refuse_severity="critical"), Effect.FORBID),
        ("unknown", Terms(refuse_severity="low", refuse_unknown_severity=False), Effect.ADVISE),
    ],
)
def test_the_terms_say_from_which_severity_on_it_refuses(rating: Rating, terms: Terms, effect: Effect) -> None:
    policy = knowing(record(rating=rating), entries=(terms,))
    (finding,) = advisories(subject(wheel("1.0")), policy, AT)
    assert (finding.code, finding.effect) == (Code.VULNERABLE, effect)


@pytest.mark.parametrize("terms", [Terms(), Terms(refuse_severity="critical", refuse_unknown_severity=False)])
def test_malware_refuses_whatever_the_terms_and_waivers_say(terms: Terms) -> None:
    policy = knowing(record("MAL-1", malicious=True, rating="low"), entries=(terms, waiver("MAL-1", "")))
    (finding,) = advisories(subject(wheel("1.0")), policy, AT)
    assert (finding.code, finding.effect) == (Code.MALWARE, Effect.FORBID)


@pytest.mark.parametrize(
    ("entry", "version", "days", "waived"),
    [
        (waiver(), "1.0", 0, True),
        (waiver(), "1.0", 29.99, True),
        (waiver(), "1.0", 30, False),
        (waiver(specifier="<1"), "1.0", 0, False),
        (waiver(specifier=""), "1.0", 0, True),
        (waiver("CVE-1"), "1.0", 0, False),
    ],
)
def test_a_waiver_is_for_one_id_one_range_and_a_time(entry: Waiver, version: str, days: float, waived: bool) -> None:
    policy = knowing(record(aliases=("CVE-1",)), entries=(entry,))
    (finding,) = advisories(subject(wheel(version)), policy, AT + days * DAY)
    assert finding.code is (Code.WAIVED if waived else Code.VULNERABLE)


def test_a_waiver_ends_by_time_alone_and_the_verdict_knows_when() -> None:
    file = wheel("1.0")
    policy = knowing(record(), entries=(approval(file), waiver()))
    before = judge(subject(file), policy, AT)
    assert before.allowed
    assert before.until is not None
    assert before.until <= AT + 30 * DAY
    assert not judge(subject(file), policy, AT + 30 * DAY).allowed


def test_a_waiver_for_one_alias_leaves_the_other_in_force() -> None:
    policy = knowing(record(aliases=("CVE-1",)), record("GHSA-1", aliases=("CVE-1",)), entries=(waiver(),))
    found = {f.evidence["advisory"]: f.code for f in advisories(subject(wheel("1.0")), policy, AT)}
    assert found == {"PYSEC-1": Code.WAIVED, "GHSA-1": Code.VULNERABLE}


@pytest.mark.parametrize(
    ("fixes", "step"),
    [
        (("2.0",), "Use 2.0 or later."),
        (("2.0", "3.0"), "Use 3.0 or later."),
        (("2.0", ""), "It is fixed in 2.0, which other advisories affect."),
        (("",), "No fixed version is known."),
    ],
)
def test_the_way_out_is_a_version_that_nothing_affects(fixes: tuple[str, ...], step: str) -> None:
    policy = knowing(*(record(f"PYSEC-{number}", fixed) for number, fixed in enumerate(fixes)))
    steps = {f.evidence["advisory"]: f.next_step for f in advisories(subject(wheel("1.0")), policy, AT)}
    assert steps["PYSEC-0"] == step


def test_the_evidence_holds_what_a_report_needs() -> None:
    known = record(aliases=("CVE-1", "GHSA-1"), rating="critical", score=9.8, summary="Bad.")
    (bad,) = advisories(subject(wheel("1.0")), knowing(known), AT)
    assert bad.evidence == {
        "advisory": "PYSEC-1",
        "aliases": "CVE-1 GHSA-1",
        "severity": "critical",
        "score": "9.8",
        "fixed": "2.0",
        "summary": "Bad.",
    }
    entry = waiver(owner="billing", justification="vulnerable_code_not_in_execute_path")
    (waived,) = advisories(subject(wheel("1.0")), knowing(known, entries=(entry,)), AT)
    assert (
        waived.evidence.items()
        > {
            "owner": "billing",
            "by": "ada",
            "reason": "not reachable",
            "justification": "vulnerable_code_not_in_execute_path",
            "until": (AT + 30 * DAY).isoformat(),
        }.items()
    )
