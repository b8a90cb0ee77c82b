"""Matching: the OSV schema's evaluation in PEP 440 order, compiled, against a plain reading of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cmp_to_key

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import Advisory, Affected, AffectedRange, Severity
from proxy.policy import packing, ranges, versions
from proxy.policy.ranges import AdvisoryIndex, compile_project

AT = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = NormalizedName("widget")
Events = list[tuple[str, str]]


def record(
    name: str = "PYSEC-1",
    *spans: Events,
    listed: tuple[str, ...] = (),
    kind: str = "ECOSYSTEM",
    aliases: tuple[str, ...] = (),
    rated: Severity | None = None,
    malicious: bool = False,
    withdrawn: datetime | None = None,
) -> Advisory:
    said = tuple(AffectedRange(kind, tuple(events)) for events in spans)
    return Advisory(
        name,
        AT,
        (Affected(PROJECT, listed, said),),
        aliases,
        severity=rated or Severity(),
        malicious=malicious,
        withdrawn=withdrawn,
    )


def affects(advisory: Advisory, version: str) -> bool:
    return bool(compile_project([advisory], PROJECT).match(version))


ALL: Events = [("introduced", "0")]


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        (ALL, "0 0.dev0 0a1 1!3 3.0+x not-a-version 2004d", ""),
        ([("introduced", "0"), ("fixed", "3.0")], "0.dev0 2.9 3.0.dev1 3.0rc1 v2.0 2.9+x junk", "3 3.0.0 3.0+x 1!0"),
        ([("introduced", "0"), ("last_affected", "2.4")], "2.4 2.4.0 2.4+local", "2.4.post1 2.4.1 3.0.dev3 1!0.1"),
        ([("introduced", "3.0"), ("fixed", "3.1")], "3.0 3.0+x 3.0.post1 3.1rc1", "3.0rc1 3.0.dev1 2.9 3.1 junk"),
        ([("introduced", "3.0a2"), ("fixed", "3.1")], "3.0a2 3.0rc1", "3.0a1 3.0.dev1"),
        ([("introduced", "0"), ("fixed", "1!3.0")], "999.0 1!2.9", "1!3.0 2!0.1"),
        ([("introduced", "0"), ("fixed", "2.0.post2")], "2.0 2.0-1 2.0.post2.dev1", "2.0-2 2.0.post3 2.1"),
        ([("introduced", "2021.05.30"), ("fixed", "2024.07.04")], "2021.5.30 2024.07.03", "2024.7.4 2021.5.29"),
        ([("introduced", "2.0"), ("fixed", "2.0")], "", "1.9 2.0 2.1"),
        ([("introduced", "2.0"), ("last_affected", "2.0")], "2.0", "1.9 2.0.post1 2.1"),
        ([("introduced", "2.0"), ("limit", "3.0")], "2.0 2.9 3.0rc1", "1.9 3.0 4.0"),
        ([("introduced", "0"), ("limit", "2.5"), ("limit", "3.5")], "0.1 2.5 3.4", "3.5 4.0"),
        ([("introduced", "2.0"), ("limit", "*")], "2.0 109.0", "1.9"),
        ([("introduced", "2.0"), ("fixed", "2.5"), ("introduced", "2.8"), ("limit", "3.0")], "2.4 2.9", "2.5 3.0"),
        ([("fixed", "2.1.3"), ("introduced", "2.1"), ("fixed", "2.0.5"), ("introduced", "2.0")], "2.0.4 2.1", "2.0.9"),
        ([("introduced", "0"), ("fixed", "2019-09-12")], "2019-09-11", "2020-01-01x 2.0 1.9"),
        ([("introduced", "junk"), ("fixed", "2.0")], "1.0 junk", "2.0"),
    ],
)  # fmt: skip
def test_a_range_affects_what_the_schema_says(events: Events, inside: str, outside: str) -> None:
    compiled = compile_project([record("A", events)], PROJECT)
    assert [version for version in inside.split() if not compiled.match(version)] == []
    assert [version for version in outside.split() if compiled.match(version)] == []


def test_what_is_fixed_and_introduced_again_at_the_same_version_stays_affected() -> None:
    events = [("introduced", "0"), ("fixed", "3.1.1"), ("introduced", "3.1.1"), ("fixed", "3.1.3")]
    assert affects(record("A", events), "3.1.1")
    assert affects(record("A", events), "3.1.2.post1")
    assert not affects(record("A", events), "3.1.3")


def test_several_ranges_and_entries_about_one_project_add_up() -> None:
    one, other = [("introduced", "2.0"), ("fixed", "2.5")], [("introduced", "3.0"), ("last_affected", "3.5")]
    together = record("A", one, other)
    first, second = record("A", one).affected[0], record("A", other).affected[0]
    apart = Advisory("A", AT, (first, second, Affected(NormalizedName("sibling"), (), first.ranges)))
    for version, hit in {"1.9": False, "2.0": True, "2.5": False, "3.5": True, "3.6": False}.items():
        assert affects(together, version) == affects(apart, version) == hit
    assert compile_project([apart], NormalizedName("sibling")).match("2.4")


def test_git_ranges_say_nothing_wherever_they_stand() -> None:
    git = AffectedRange("GIT", (("introduced", "0"), ("fixed", "a" * 40)))
    real = AffectedRange("ECOSYSTEM", (("introduced", "2.0"), ("fixed", "2.5")))
    assert not affects(Advisory("A", AT, (Affected(PROJECT, (), (git,)),)), "2.0")
    both = Advisory("A", AT, (Affected(PROJECT, ("9.0",), (git, real)),))
    assert [version for version in ("0.1", "2.0", "2.5", "9.0") if affects(both, version)] == ["2.0", "9.0"]


def test_listed_versions_match_as_strings_or_by_pep_440_beside_any_range() -> None:
    listed = ("2.0", "3.0.0-rc1", "4.0.post1", "2013-01-21T20:33:09+0100", "1.7.1.fix1")
    odd = record("A", [("introduced", "7.0"), ("fixed", "7.5")], listed=listed)
    hit = "2.0 2 v2.0 2.0.0 3.0c1 3.0RC1 4.0-1 2013-01-21T20:33:09+0100 1.7.1.fix1 7.4 2.0+cpu"
    assert [version for version in hit.split() if not affects(odd, version)] == []
    missed = "2.0.1 3.0 4.0 2013-01-21T20:33:10+0100 1.7.1 7.5"
    assert [version for version in missed.split() if affects(odd, version)] == []


def test_an_entry_without_versions_or_ranges_says_nothing() -> None:
    assert not affects(record("A"), "1.0")


def test_a_withdrawn_record_never_matches_and_lends_nothing_to_its_aliases() -> None:
    gone = record("GHSA-1", ALL, aliases=("CVE-1",), rated=Severity("critical", 9.9), withdrawn=AT)
    kept = record("PYSEC-1", [("introduced", "0"), ("fixed", "3.0")], aliases=("CVE-1",))
    found = compile_project([gone, kept], PROJECT)
    assert found.match("3.0") == ()
    assert [(match.id, match.group, match.severity.rating) for match in found.match("2.0")] == [
        ("PYSEC-1", ("CVE-1", "PYSEC-1"), "unknown")
    ]


def test_aliases_are_one_matter_with_the_worst_severity_but_keep_their_ids() -> None:
    records = [
        record("PYSEC-1", ALL, aliases=("CVE-1",)),
        record("GHSA-1", ALL, aliases=("CVE-1", "OTHER-1"), rated=Severity("high", 8.0)),
        record("OTHER-1", [("introduced", "5.0")], rated=Severity("low", 1.0)),
        record("PYSEC-2", ALL, aliases=("CVE-2",), rated=Severity("low", 2.0)),
    ]
    for turn in range(4):
        found = compile_project(records[turn:] + records[:turn], PROJECT).match("1.0")
        assert [match.id for match in found] == ["GHSA-1", "PYSEC-1", "PYSEC-2"]
        assert found[0].group == found[1].group == ("CVE-1", "GHSA-1", "OTHER-1", "PYSEC-1")
        assert [match.severity.rating for match in found] == ["high", "high", "low"]
        assert ranges.matters(found) == 2


def test_malware_said_by_one_alias_is_malware_for_the_matter_and_comes_first() -> None:
    records = [
        record("GHSA-9", ALL, aliases=("MAL-1",)),
        record("MAL-1", [("introduced", "2.0")], malicious=True),
        record("A", ALL, rated=Severity("critical", 9.8)),
    ]
    found = compile_project(records, PROJECT).match("1.0")
    assert [(match.id, match.malicious) for match in found] == [("GHSA-9", True), ("A", False)]


@pytest.mark.parametrize(
    ("version", "fixed"),
    [("1.0", "2.0.5"), ("2.0.4", "2.0.5"), ("2.1", "2.1.3"), ("junk", "2.0.5"), ("9.0", None)],
)
def test_a_match_names_the_lowest_fixed_version_above(version: str, fixed: str | None) -> None:
    one = [("introduced", "0"), ("fixed", "2.0.5"), ("introduced", "2.1"), ("fixed", "2.1.3")]
    again = [("introduced", "1.0"), ("fixed", "1.5")]
    (match,) = compile_project([record("A", one, again, listed=("9.0",))], PROJECT).match(version)
    assert match.fixed == fixed


def test_what_is_clear_above_is_free_of_every_other_advisory_too() -> None:
    records = [
        record("A", [("introduced", "0"), ("fixed", "2.0")]),
        record("B", [("introduced", "1.5"), ("fixed", "3.0")]),
    ]
    index = AdvisoryIndex.of(records)
    assert index.clear_above(PROJECT, "1.0") == "3.0"
    assert AdvisoryIndex.of([record("A", ALL)]).clear_above(PROJECT, "1.0") is None
    assert index.clear_above(NormalizedName("other"), "1.0") is None


def test_what_is_clear_above_is_told_for_any_version_alike() -> None:
    index = AdvisoryIndex.of(
        [record("A", [("introduced", "0"), ("fixed", "2.0"), ("introduced", "3"), ("fixed", "4")])]
    )
    asked = ("junk", "0", "1.9", "2.0rc1", "2.0", "3.5", "4", "5")
    assert [index.clear_above(PROJECT, version) for version in asked] == [*["2.0"] * 4, "4", "4", None, None]


def test_a_build_that_a_record_calls_fixed_is_not_affected_and_other_builds_are() -> None:
    events = [("introduced", "0"), ("fixed", "1.9+sec.1")]
    index = AdvisoryIndex.of([record("A", events), record("B", [("introduced", "0"), ("fixed", "1.9.1")])])
    found = {
        v: {m.id for m in index.match(PROJECT, v)} for v in ("1.9", "1.9+cpu", "1.9+sec.0", "1.9+sec.1", "1.9+tls")
    }
    assert found == {
        "1.9": {"A", "B"},
        "1.9+cpu": {"A", "B"},
        "1.9+sec.0": {"A", "B"},
        "1.9+sec.1": {"B"},
        "1.9+tls": {"B"},
    }
    assert index.clear_above(PROJECT, "1.0") == "1.9.1"


def test_a_text_too_long_for_a_version_has_every_advisory() -> None:
    assert affects(record("A", [("introduced", "5.0"), ("fixed", "6.0")]), "1." + "0" * versions.LONGEST)


# --- the index ------------------------------------------------------------------------------------


def test_an_index_from_packed_answers_like_one_of_records_and_knows_what_changed() -> None:
    old = AdvisoryIndex.of([record("A", ALL)])
    assert AdvisoryIndex.from_packed(old.packed).match(PROJECT, "1.0") == old.match(PROJECT, "1.0")
    assert old.match(NormalizedName("other"), "1.0") == AdvisoryIndex.empty().match(PROJECT, "1.0") == ()
    assert old.changed(AdvisoryIndex.of([record("A", ALL)])) == set()
    assert old.changed(AdvisoryIndex.of([record("A", ALL, withdrawn=AT)])) == {PROJECT}
    assert old.changed(AdvisoryIndex.empty()) == {PROJECT}


def test_packed_bytes_do_not_depend_on_the_order_of_records_or_events() -> None:
    events = [("introduced", "1.0"), ("fixed", "2.0"), ("introduced", "3.0"), ("fixed", "3.0.0")]
    one, other = record("A", events), record("B", ALL)
    turned = record("A", events[::-1])
    assert packing.pack([one, other], PROJECT) == packing.pack([other, turned], PROJECT)


# --- properties -----------------------------------------------------------------------------------

TEXTS = [
    *("0.dev0", "0", "0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.0", "1.0.post1", "1.0+x", "1.1", "1.1+y"),
    *("2.0", "10.0", "1!0.5", "1!2.0", "junk", "a3", "2019-09-12", "1.0.fix1"),
]
VERSIONS = st.sampled_from(TEXTS)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["introduced", "introduced", "fixed", "last_affected", "limit"]), VERSIONS), max_size=6
)
RECORDS = st.builds(
    lambda spans, listed, number, gone: record(
        f"R-{number}", *spans, listed=tuple(listed), withdrawn=AT if gone else None
    ),
    st.lists(EVENTS, max_size=3),
    st.lists(VERSIONS, max_size=3),
    st.integers(0, 5),
    st.booleans(),
)


def plainly(advisory: Advisory, version: str) -> bool:
    """The schema's own algorithm, word by word; events at one version are left to the caller."""
    for entry in advisory.affected:
        if any(same(version, listed) for listed in entry.versions):
            return True
        if any(within(version, wanted) for wanted in entry.ranges):
            return True
    return False


def same(one: str, other: str) -> bool:
    first, second = versions.version(one), versions.version(other)
    return one == other or (first is not None and first == second)


def order(one: str, other: str) -> int:
    """Compare as PEP 440 does; what it cannot read is below all that it can, and compared as strings."""
    first, second = versions.version(one), versions.version(other)
    if first is None or second is None:
        mine, theirs = (first is not None, one), (second is not None, other)
        return (mine > theirs) - (mine < theirs) if first is second else mine[0] - theirs[0]
    return (first > second) - (first < second)


def within(version: str, wanted: AffectedRange) -> bool:
    limits = [limit for kind, limit in wanted.events if kind == "limit"]
    if limits and not any(order(version, limit) < 0 for limit in limits):
        return False
    affected = False
    for kind, at in sorted(wanted.events, key=lambda event: (event[1] != "0", cmp_to_key(order)(event[1]))):
        if kind == "introduced" and (at == "0" or order(version, at) >= 0):
            affected = True
        elif (kind == "fixed" and order(version, at) >= 0) or (kind == "last_affected" and order(version, at) > 0):
            affected = False
    return affected


def distinct(events: Events) -> bool:
    """Whether no two events stand at the same place, where the schema leaves the outcome open."""
    places = [at for _, at in events if at != "0"]
    zeros = {kind for kind, at in events if at == "0"}
    return zeros <= {"introduced"} and not any(
        same(one, other) for number, one in enumerate(places) for other in places[:number]
    )


PLAIN = {"a3", "2019-09-12", "1.0.fix1"}
"""Beside one text that PEP 440 cannot read, others would need an order of their own in the plain reading."""


@given(EVENTS.filter(distinct), VERSIONS.filter(lambda text: "+" not in text and text not in PLAIN))
def test_compiled_ranges_agree_with_a_plain_reading_of_the_schema(events: Events, version: str) -> None:
    advisory = record("A", [event for event in events if event[1] not in PLAIN])
    assert affects(advisory, version) == plainly(advisory, version)


@given(EVENTS, VERSIONS, st.randoms(use_true_random=False))
def test_the_order_of_events_is_irrelevant(events: Events, version: str, chance: random.Random) -> None:
    shuffled = chance.sample(events, len(events))
    assert affects(record("A", events), version) == affects(record("A", shuffled), version)


@given(st.lists(RECORDS, max_size=4), RECORDS, VERSIONS)
def test_one_more_record_never_takes_a_match_away(known: list[Advisory], more: Advisory, version: str) -> None:
    before = {match.id for match in compile_project(known, PROJECT).match(version)}
    after = {match.id for match in compile_project([*known, more], PROJECT).match(version)}
    assert before <= after


@given(st.lists(RECORDS, max_size=4), VERSIONS)
def test_together_records_match_exactly_what_each_matches_alone(known: list[Advisory], version: str) -> None:
    alone = {advisory.id for advisory in known if affects(advisory, version)}
    assert {match.id for match in compile_project(known, PROJECT).match(version)} == alone


@given(RECORDS, VERSIONS)
def test_a_local_version_has_at_least_what_its_public_version_has(advisory: Advisory, version: str) -> None:
    read = versions.version(version)
    if read is not None and read.local is None and affects(advisory, version):
        assert affects(advisory, f"{read}+build.1")


@given(st.lists(RECORDS, max_size=4), VERSIONS)
def test_a_fix_is_above_what_was_asked_and_not_affected_itself(known: list[Advisory], version: str) -> None:
    for match in compile_project(known, PROJECT).match(version):
        if match.fixed is not None and versions.version(match.fixed) and versions.version(version):
            assert Version(match.fixed) > Version(version)
