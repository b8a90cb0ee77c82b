"""The invariants of the one decision, as properties, and the acknowledgements as cases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from proxy.model import (
    Advisory,
    Affected,
    AffectedRange,
    Code,
    Effect,
    Finding,
    Prohibition,
    ProjectPage,
    ReleaseFile,
    Severity,
    Subject,
    Terms,
    Verdict,
    Waiver,
)
from proxy.policy import judge as judging
from proxy.policy.judge import DANGEROUS, Basis, judge, judge_files
from proxy.policy.listing import compose
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.rules import CONCERNS, RULES, Scope
from proxy.policy.rules.approved import approved
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.telling import codes
from tests.policy.facts import AT, FLASK, approval, knowing, snapshot, subject, wheel

effects = st.sampled_from(Effect)
findings = st.builds(Finding, st.sampled_from(Code), effects, st.just("because"))
ruled = findings.filter(lambda finding: finding.effect is not Effect.OBSERVE)
"""What a rule may say: observing is the judge's own word."""
versions = st.sampled_from(["1.0", "2.0rc1", "2.0", "2.0.post1", "3.0", "1!1.0", "3.0+cpu"])
files = st.builds(
    wheel,
    versions,
    sha256=st.sampled_from(["a" * 64, "b" * 64, None]),
    upload_time=st.sampled_from([AT, None, AT - timedelta(days=3), AT - timedelta(days=99)]),
    yanked=st.sampled_from([None, None, "broken"]),
    licence=st.sampled_from([None, "", "MIT", "GPL-3.0-only OR MIT", "GPL-3.0-only"]),
    publisher=st.sampled_from([None, "", "GitHub:pallets/flask", "GitHub:evil/flask"]),
    contradiction=st.sampled_from(["", "", "Its metadata names another project."]),
)
terms = st.builds(
    Terms,
    minimum_age=st.sampled_from([timedelta(0), timedelta(days=7)]),
    ages=st.sampled_from([{}, {"flask": timedelta(days=1)}, {"flask": timedelta(days=60)}]),
    fixes=st.sampled_from(["wait", "pass"]),
    freeze=st.sampled_from([None, AT - timedelta(days=2), AT - timedelta(days=50)]),
    licences=st.sampled_from([(), ("MIT",), ("MIT", "GPL-3.0-only")]),
    refuse_unknown_licence=st.booleans(),
    provenance=st.sampled_from([(), ("fl*",)]),
    publishers=st.sampled_from([{}, {"flask": "GitHub:pallets/flask"}]),
)
affected = Affected(FLASK, (), (AffectedRange("ECOSYSTEM", (("introduced", "0"), ("fixed", "2.0"))),))
advisories = st.lists(
    st.builds(
        lambda n, bad, severity: Advisory(f"X-{n}", AT, (affected,), malicious=bad, severity=Severity(severity)),
        st.integers(0, 3),
        st.booleans(),
        st.sampled_from(["low", "high", "unknown"]),
    ),
    max_size=2,
)
ranges = st.sampled_from(["", ">=2", "<2", "==2.0", "==3.*"])
acknowledged = st.sets(st.sampled_from(["too-new", "frozen"])).map(tuple)
approvals = st.builds(
    lambda frozen, specifier, standing, days, n, codes, exact, emergency: approval(
        *frozen,
        specifier=specifier,
        standing=standing and not exact and not emergency,
        until=AT + timedelta(days=days),
        id=f"approval:{n}",
        acknowledged=codes,
        exact=exact,
        emergency=emergency,
    ),
    st.lists(files, max_size=3),
    ranges,
    st.booleans(),
    st.integers(-2, 2),
    st.integers(0, 9),
    acknowledged,
    st.booleans(),
    st.sampled_from([False, False, True]),
)
waivers = st.builds(
    lambda n, days: Waiver(f"w{n}", FLASK, "", f"X-{n}", "ada", "why", AT, AT + timedelta(days=days)),
    st.integers(0, 3),
    st.integers(-1, 2),
)
snapshots = st.builds(
    lambda entries, rules, waived, known: knowing(snapshot(*entries, rules, *waived), AdvisoryIndex.of(known)),
    st.lists(approvals, max_size=3),
    terms,
    st.lists(waivers, max_size=2, unique_by=lambda waiver: waiver.id),
    advisories,
)


@given(st.lists(findings, max_size=6), files, snapshots)
def test_no_permit_means_no(found: list[Finding], file: ReleaseFile, policy: PolicySnapshot) -> None:
    others = tuple(finding for finding in found if finding.effect is not Effect.PERMIT)
    assert not Verdict(Subject(FLASK), 1, others).allowed
    assert not judge(subject(file), replace(policy, grants={}), AT).allowed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", tuple(row for row in RULES if row[1] is not approved))
        assert not judge(subject(file), policy, AT).allowed


modes = st.sampled_from(["enforce", "observe"])


@given(files, snapshots, modes, findings)
def test_one_more_forbid_never_opens_anything(
    file: ReleaseFile, policy: PolicySnapshot, mode: Literal["enforce", "observe"], more: Finding
) -> None:
    policy = policy.amended([replace(policy.terms, mode=mode)], (), 8)
    before, forbid = judge(subject(file), policy, AT), structs.replace(more, effect=Effect.FORBID)
    assert not Verdict(Subject(FLASK), 1, (*before.findings, forbid)).allowed

    def one_more(_subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> tuple[Finding]:
        return (forbid,)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", (*RULES, (Scope.FILE, one_more)))
        after = judge(subject(file), policy, AT)
    assert before.allowed or not after.allowed


@given(files, snapshots, advisories, modes)
def test_one_more_advisory_opens_nothing_but_the_fix_that_it_names(
    file: ReleaseFile, policy: PolicySnapshot, more: list[Advisory], mode: Literal["enforce", "observe"]
) -> None:
    policy = policy.amended([replace(policy.terms, mode=mode)], (), 8)
    fewer = judge(subject(file), knowing(policy, AdvisoryIndex.of([])), AT)
    after = judge(subject(file), knowing(policy, AdvisoryIndex.of(more)), AT)
    if after.allowed and not fewer.allowed:
        assert (policy.terms.fixes, file.version) == ("pass", "2.0")
        assert Code.FIX in {finding.code for finding in after.findings}


@given(files, snapshots, st.randoms())
def test_the_order_of_rules_cannot_matter(file: ReleaseFile, policy: PolicySnapshot, shuffle: random.Random) -> None:
    before = judge(subject(file), policy, AT)
    rules = list(RULES)
    shuffle.shuffle(rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", tuple(rules))
        after = judge(subject(file), policy, AT)
    assert after.allowed == before.allowed
    assert {finding.code for finding in after.findings} == {finding.code for finding in before.findings}


@given(files, snapshots)
def test_a_rule_that_fails_is_a_forbid(file: ReleaseFile, policy: PolicySnapshot) -> None:
    def broken(_subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", (*RULES, (Scope.FILE, broken)))
        verdict = judge(subject(file), policy, AT)
    assert not verdict.allowed
    assert Code.RULE_FAILED in {finding.code for finding in verdict.refusals}


@given(st.lists(files, max_size=8), snapshots)
def test_judging_many_gives_what_judging_each_gives(many: list[ReleaseFile], policy: PolicySnapshot) -> None:
    together = list(judge_files(many, Basis.of(FLASK, policy, AT), policy, AT))
    assert [set(map(str, verdict.findings)) for verdict in together] == [
        set(map(str, judge(subject(file), policy, AT).findings)) for file in many
    ]


pages = st.lists(
    st.builds(
        lambda file, url, uploaded, legacy: replace(
            file, url=url or file.url, upload_time=uploaded or file.upload_time, kind="legacy" if legacy else file.kind
        ),
        files,
        st.sampled_from(["", "", "https://elsewhere.example/flask.whl"]),
        st.sampled_from([None, None, AT + timedelta(days=1), AT.replace(year=1999), AT.replace(year=9999)]),
        st.sampled_from([False, False, True]),
    ),
    max_size=8,
)


@given(pages, snapshots, modes, st.booleans(), st.sampled_from([0, 0, 30]))
def test_asking_only_the_rules_that_a_file_concerns_leaves_out_nothing(
    page: list[ReleaseFile], policy: PolicySnapshot, mode: Literal["enforce", "observe"], prohibited: bool, jumped: int
) -> None:
    entries = [Prohibition("p", FLASK, "<2", "ada", "no", AT)] if prohibited else []
    policy = policy.amended([replace(policy.terms, mode=mode), *entries], (), 8)
    policy = replace(policy, doubt=timedelta(days=jumped))
    quick = list(judge_files(page, Basis.of(FLASK, policy, AT), policy, AT))
    for rule, concern in CONCERNS.items():
        asked = {id(file) for file in concern(page, FLASK, policy, AT)}
        for file in page:
            assert id(file) in asked or not tuple(rule(subject(file), policy, AT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "CONCERNS", {})
        assert quick == list(judge_files(page, Basis.of(FLASK, policy, AT), policy, AT)), "in the same order as well"
    assert quick == [judge(verdict.subject, policy, AT) for verdict in quick]


@given(files, snapshots)
def test_a_rule_that_cannot_tell_what_concerns_it_is_asked_of_every_file(
    file: ReleaseFile, policy: PolicySnapshot
) -> None:
    def broken(*_: object) -> list[ReleaseFile]:
        raise ZeroDivisionError

    page = [file, replace(file, contradiction="It lies.", filename="flask-9-py3-none-any.whl")]
    plain = list(judge_files(page, Basis.of(FLASK, policy, AT), policy, AT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "CONCERNS", dict.fromkeys(CONCERNS, broken))
        assert list(judge_files(page, Basis.of(FLASK, policy, AT), policy, AT)) == plain


@given(files, snapshots, st.integers(0, 5))
def test_a_later_clock_never_opens_what_an_end_date_closed(
    file: ReleaseFile, policy: PolicySnapshot, days: int
) -> None:
    # What time alone opens is left out: ages, freezes that are acknowledged, waivers that end.
    old_enough = policy.amended([replace(policy.terms, minimum_age=timedelta(0), ages={})], (), 8)
    later = judge(subject(file), old_enough, AT + timedelta(days=days))
    if later.allowed:
        assert judge(subject(file), old_enough, AT).allowed


@given(files, snapshots)
def test_a_prohibition_beats_every_approval(file: ReleaseFile, policy: PolicySnapshot) -> None:
    closed = policy.amended([Prohibition("p", FLASK, "", "ada", "no", AT)], (), 9)
    assert not judge(subject(file), closed, AT).allowed


@given(files, snapshots, st.integers(0, 90))
def test_a_verdict_holds_until_the_hour_that_it_names(file: ReleaseFile, policy: PolicySnapshot, hours: int) -> None:
    now, later = judge(subject(file), policy, AT), AT + timedelta(hours=hours)
    if now.until is None or later < now.until:
        then = judge(subject(file), policy, later)
        assert then.allowed == now.allowed
        if now.allowed:
            assert then.findings == now.findings


@given(st.lists(files, max_size=6, unique_by=lambda file: file.filename), snapshots, snapshots, st.integers(0, 60))
def test_what_was_judged_before_is_taken_over_only_where_it_still_holds(
    many: list[ReleaseFile], before: PolicySnapshot, after: PolicySnapshot, hours: int
) -> None:
    page, later = ProjectPage(FLASK, tuple(many)), AT + timedelta(hours=hours)
    for policy in (before.amended((), (), 99), after):
        earlier = compose(FLASK, page, before, AT)
        again = compose(FLASK, page, policy, later, before=earlier)
        fresh = compose(FLASK, page, policy, later)
        assert [j.verdict.allowed for j in again.files] == [j.verdict.allowed for j in fresh.files]
        assert again.verdict == fresh.verdict
        assert again.until is None or fresh.until is None or again.until <= fresh.until
        assert [j.file for j in again.files] == [j.file for j in fresh.files]


@given(files, snapshots, terms)
def test_one_more_demand_of_the_terms_never_opens_anything(
    file: ReleaseFile, policy: PolicySnapshot, more: Terms
) -> None:
    asked = policy.terms
    stricter = replace(
        asked,
        minimum_age=max(asked.minimum_age, more.minimum_age),
        ages={
            "flask": max(
                asked.ages.get("flask", asked.minimum_age), more.ages.get("flask", asked.minimum_age), more.minimum_age
            )
        },
        fixes="wait",
        freeze=min(filter(None, (asked.freeze, more.freeze)), default=None),
        licences=tuple(set(asked.licences) & set(more.licences)) or ("ISC",) if more.licences else asked.licences,
        refuse_unknown_licence=True,
        provenance=asked.provenance + more.provenance,
        publishers={**more.publishers, **asked.publishers},
    )
    if judge(subject(file), policy.amended([stricter], (), 8), AT).allowed:
        assert judge(subject(file), policy, AT).allowed


@given(files, snapshots)
def test_what_contradicts_itself_is_never_served(file: ReleaseFile, policy: PolicySnapshot) -> None:
    assert not judge(subject(replace(file, contradiction="It lies.")), policy, AT).allowed


def test_a_young_file_is_let_through_when_its_approver_acknowledged_the_age() -> None:
    young = wheel(upload_time=AT - timedelta(days=1))
    assert not judge(subject(young), snapshot(approval(young)), AT).allowed
    acknowledged = judge(subject(young), snapshot(approval(young, acknowledged=("too-new",))), AT)
    assert acknowledged.allowed
    assert any("Acknowledged by ada" in finding.sentence for finding in acknowledged.findings)


def test_an_acknowledged_age_does_not_cover_what_a_standing_range_lets_in_later() -> None:
    old, young = wheel("3.0"), wheel("3.1", upload_time=AT - timedelta(days=1))
    standing = approval(old, specifier=">=3", standing=True, acknowledged=("too-new",))
    assert [finding.code for finding in judge(subject(young), snapshot(standing), AT).refusals] == [Code.TOO_NEW]


@given(files, snapshots, st.lists(ruled, max_size=3))
def test_observe_mode_opens_everything_but_what_is_dangerous(
    file: ReleaseFile, policy: PolicySnapshot, more: list[Finding]
) -> None:
    watched = policy.amended([replace(policy.terms, mode="observe")], (), 8)

    def added(_subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
        yield from more

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", (*RULES, (Scope.FILE, added)))
        enforced, observed = judge(subject(file), policy, AT), judge(subject(file), watched, AT)
    dangerous = {finding.code for finding in enforced.refusals} & DANGEROUS
    assert observed.allowed == (not dangerous)
    assert {finding.code for finding in observed.refusals} == dangerous
    if not dangerous:
        assert {f.code for f in observed.observed} == {f.code for f in enforced.refusals}


@given(files, st.lists(ruled, max_size=3))
def test_an_emergency_opens_its_own_files_and_never_what_is_dangerous(file: ReleaseFile, more: list[Finding]) -> None:
    policy = snapshot(approval(file, emergency=True, until=AT + timedelta(hours=1)))

    def added(_subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
        yield from more

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "RULES", (*RULES, (Scope.FILE, added)))
        verdict = judge(subject(file), policy, AT)
        other = judge(subject(replace(file, filename="other-1.0.tar.gz")), policy, AT)
        ended = judge(subject(file), policy, AT + timedelta(hours=1))
    dangerous = {finding.code for finding in more if finding.effect is Effect.FORBID} & DANGEROUS
    vouched = file.sha256 is not None and not file.contradiction
    assert verdict.allowed == (vouched and not dangerous)
    assert not ended.allowed
    if verdict.allowed:
        assert codes(verdict)[0] == "emergency"
    if not any(finding.effect is Effect.PERMIT for finding in more):
        assert not other.allowed


def test_the_record_names_an_emergency_only_where_nothing_else_would_do() -> None:
    file, day = wheel(), timedelta(days=1)
    emergency = approval(file, emergency=True, until=AT + day, id="approval:e")
    ordinary = approval(file, id="approval:o")
    assert codes(judge(subject(file), snapshot(emergency), AT)) == ("emergency",)
    for entries in ((emergency, ordinary), (ordinary, emergency)):
        assert codes(judge(subject(file), snapshot(*entries), AT)) == ("approved",)
    young = wheel(upload_time=AT - day)
    both = snapshot(approval(young, id="approval:o"), replace(emergency, files=(young,)))
    assert codes(judge(subject(young), both, AT)) == ("emergency",), "only the emergency sets the age aside"
    early = snapshot(approval(young, acknowledged=("too-new",)), replace(emergency, files=(young,)))
    assert codes(judge(subject(young), early, AT)) == ("approved",)
