"""The invariants of the one decision, as properties, and the acknowledgements as cases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Code, Effect, Finding, Prohibition, ReleaseFile, Subject, Terms, Verdict
from proxy.policy import judge as judging
from proxy.policy.judge import DANGEROUS, Basis, judge, judge_files
from proxy.policy.rules import RULES, Scope
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, snapshot, subject, wheel

effects = st.sampled_from(Effect)
findings = st.builds(Finding, st.sampled_from(Code), effects, st.just("because"))
ruled = findings.filter(lambda finding: finding.effect is not Effect.OBSERVE)
"""What a rule may say: observing is the judge's own word."""
versions = st.sampled_from(["1.0", "2.0rc1", "2.0", "2.0.post1", "3.0", "1!1.0", "3.0+cpu"])
files = st.builds(
    wheel,
    versions,
    sha256=st.sampled_from(["a" * 64, "b" * 64, None]),
    upload_time=st.sampled_from([AT, None, AT - timedelta(days=99)]),
)
ranges = st.sampled_from(["", ">=2", "<2", "==2.0", "==3.*"])
approvals = st.builds(
    lambda frozen, specifier, standing, days, n: approval(
        *frozen, specifier=specifier, standing=standing, until=AT + timedelta(days=days), id=f"approval:{n}"
    ),
    st.lists(files, max_size=3),
    ranges,
    st.booleans(),
    st.integers(-2, 2),
    st.integers(0, 9),
)
snapshots = st.builds(lambda entries: snapshot(*entries), st.lists(approvals, max_size=3))


@given(st.lists(findings, max_size=6))
def test_no_permit_means_no(found: list[Finding]) -> None:
    others = tuple(finding for finding in found if finding.effect is not Effect.PERMIT)
    assert not Verdict(Subject(FLASK), 1, others).allowed


@given(st.lists(findings, max_size=6), findings)
def test_one_more_forbid_never_opens_anything(found: list[Finding], more: Finding) -> None:
    forbid = replace(more, effect=Effect.FORBID)
    assert not Verdict(Subject(FLASK), 1, (*found, forbid)).allowed


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


@given(files, snapshots, st.integers(0, 5))
def test_a_later_clock_never_opens_what_an_end_date_closed(
    file: ReleaseFile, policy: PolicySnapshot, days: int
) -> None:
    old_enough = policy.amended([Terms(minimum_age=timedelta(0))], (), 8)
    later = judge(subject(file), old_enough, AT + timedelta(days=days))
    if later.allowed:
        assert judge(subject(file), old_enough, AT).allowed


@given(files, snapshots)
def test_a_prohibition_beats_every_approval(file: ReleaseFile, policy: PolicySnapshot) -> None:
    closed = policy.amended([Prohibition("p", FLASK, "", "ada", "no", AT)], (), 9)
    assert not judge(subject(file), closed, AT).allowed


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
    watched = policy.amended([Terms(mode="observe")], (), 8)

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
    assert verdict.allowed == (file.sha256 is not None and not dangerous)
    assert not ended.allowed
    if not any(finding.effect is Effect.PERMIT for finding in more):
        assert not other.allowed
