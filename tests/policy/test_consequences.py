"""What turned bad between two states of the advisory data."""

from __future__ import annotations

from packaging.utils import NormalizedName

from proxy.model import Advisory, Affected, Entry, Severity, Terms, Waiver
from proxy.policy.consequences import Turned, approved_releases, turned
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, channel, wheel

HAD = [(FLASK, "1.0"), (FLASK, "2.0"), (NormalizedName("other"), "1.0"), (FLASK, "1.0")]


def record(identity: str, *versions: str, malicious: bool = False) -> Advisory:
    """An advisory about versions of flask."""
    return Advisory(identity, AT, (Affected(FLASK, versions, ()),), severity=Severity("low"), malicious=malicious)


def knowing(*records: Advisory, entries: tuple[Entry, ...] = ()) -> PolicySnapshot:
    """A policy that knows these advisories."""
    return PolicySnapshot(advisories=AdvisoryIndex.of(records)).amended(entries, (), 1)


def test_what_is_withheld_now_and_was_not_before_turned_once() -> None:
    after = knowing(record("A", "1.0"), record("B", "1.0", "9.0"))
    assert turned(knowing(), after, HAD, AT) == [Turned(FLASK, "1.0", ("A", "B"), None)]
    assert turned(after, after, HAD, AT) == []
    assert turned(after, knowing(), HAD, AT) == []


def test_one_more_advisory_on_what_was_withheld_is_no_news_but_malware_is() -> None:
    before = knowing(record("A", "1.0"))
    assert turned(before, knowing(record("A", "1.0"), record("B", "1.0")), HAD, AT) == []
    worse = turned(before, knowing(record("A", "1.0"), record("MAL-1", "1.0", malicious=True)), HAD, AT)
    assert worse == [Turned(FLASK, "1.0", ("MAL-1", "A"), None)]


def test_what_the_terms_or_a_waiver_let_through_did_not_turn() -> None:
    lenient = Terms(refuse_severity="high")
    assert turned(knowing(entries=(lenient,)), knowing(record("A", "1.0"), entries=(lenient,)), HAD, AT) == []
    waived = Waiver("w", FLASK, "", "A", "ada", "fine", AT, AT.replace(year=2027))
    assert turned(knowing(entries=(waived,)), knowing(record("A", "1.0"), entries=(waived,)), HAD, AT) == []


def test_what_one_channel_withholds_turned_also_where_another_lets_it_through() -> None:
    strict = (Terms(refuse_severity="high"), channel("strict", refuse_severity="low"))
    found = turned(knowing(entries=strict), knowing(record("A", "1.0"), entries=strict), HAD, AT)
    assert [release.version for release in found] == ["1.0"]


def test_approved_releases_are_those_that_approvals_froze() -> None:
    policy = knowing(entries=(approval(wheel("1.0"), wheel("2.0")),))
    assert approved_releases(policy, [FLASK, NormalizedName("other")]) == [(FLASK, "1.0"), (FLASK, "2.0")]
