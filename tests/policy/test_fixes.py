"""Fixes that wait: what to approve when an approved release is withheld by an advisory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from proxy.model import Advisory, Affected, AffectedRange, Entry, Prohibition, ProjectPage, ReleaseFile, Terms, Verdict
from proxy.policy import fixes
from proxy.policy.judge import Basis, judge_files
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, channel, sdist, snapshot, wheel

OLD, FIXED, NEWER = wheel("2.3.1"), wheel("2.3.2"), wheel("3.0")
YOUNG = wheel("2.3.2", upload_time=AT - timedelta(days=1))


def advisory(*events: tuple[str, str], identity: str = "PYSEC-1", malicious: bool = False) -> Advisory:
    """An advisory about flask, with the events of one range."""
    about = Affected(FLASK, (), (AffectedRange("ECOSYSTEM", events or (("introduced", "0"), ("fixed", "2.3.2"))),))
    return Advisory(identity, AT, (about,), malicious=malicious)


def policy(*entries: Entry, advisories: Sequence[Advisory] = (advisory(),)) -> PolicySnapshot:
    """A policy in which flask 2.3.1 is approved, and an advisory says that 2.3.2 fixes it."""
    entries = entries or (approval(OLD),)
    return replace(snapshot(*entries), advisories=AdvisoryIndex.of(advisories))


def waiting(snapshot: PolicySnapshot, *files: ReleaseFile) -> list[fixes.Fix]:
    """What waits when the page lists these files."""
    return fixes.waiting(snapshot, {FLASK: ProjectPage(FLASK, files)}, AT)


def test_the_lowest_clear_version_above_is_proposed_with_what_it_fixes() -> None:
    (fix,) = waiting(policy(), OLD, FIXED, NEWER)
    assert (fix.requirement, fix.withheld, fix.advisories) == ("flask==2.3.2", ("2.3.1",), ("PYSEC-1",))
    assert fix.acknowledge == ()
    assert fixes.concerned(policy(), AT) == {FLASK}


def test_a_young_fix_says_what_its_approver_overrules() -> None:
    (fix,) = waiting(policy(), OLD, YOUNG)
    assert (fix.version, fix.acknowledge, fix.uploaded) == ("2.3.2", ("too-new",), YOUNG.upload_time)


@pytest.mark.parametrize(
    ("snapshot", "files"),
    [
        pytest.param(policy(advisories=()), [OLD, FIXED], id="no advisory"),
        pytest.param(policy(approval(FIXED)), [OLD, FIXED], id="what is withheld was never approved"),
        pytest.param(policy(approval(OLD), approval(FIXED, id="two")), [OLD, FIXED], id="the fix is served"),
        pytest.param(policy(approval(OLD), approval(NEWER, id="two")), [OLD, FIXED, NEWER], id="a newer one is"),
        pytest.param(policy(approval(OLD, until=AT)), [OLD, FIXED], id="the approval has ended"),
        pytest.param(policy(), [OLD], id="there is none yet"),
        pytest.param(policy(), [OLD, sdist("2.3.2")], id="source archives were not approved"),
        pytest.param(policy(), [OLD, wheel("2.3.2", yanked="broken")], id="the fix was yanked"),
        pytest.param(policy(), [OLD, wheel("2.3.2", sha256=None)], id="nobody can vouch for it"),
        pytest.param(policy(approval(OLD), Terms(refuse_severity="high", refuse_unknown_severity=False)), [OLD, FIXED]),
        pytest.param(
            policy(approval(OLD), Prohibition("p", FLASK, ">2.3.1", "ada", "no", AT)), [OLD, FIXED], id="prohibited"
        ),
    ],
)
def test_nothing_waits(snapshot: PolicySnapshot, files: list[ReleaseFile]) -> None:
    assert waiting(snapshot, *files) == []


def test_a_version_that_another_advisory_affects_is_passed_over() -> None:
    second = advisory(("introduced", "2.3.2"), ("fixed", "3.0"), identity="PYSEC-2")
    (fix,) = waiting(policy(advisories=[advisory(), second]), OLD, FIXED, NEWER)
    assert fix.version == "3.0"


def test_malware_in_what_was_approved_is_fixed_too() -> None:
    (fix,) = waiting(policy(advisories=[advisory(malicious=True)]), OLD, FIXED)
    assert fix.requirement == "flask==2.3.2"


def test_a_standing_approval_needs_a_fix_only_while_the_fix_is_young() -> None:
    standing = approval(OLD, specifier=">=2", standing=True)
    assert waiting(policy(standing), OLD, FIXED) == []
    (fix,) = waiting(policy(standing), OLD, YOUNG)
    assert fix.acknowledge == ("too-new",)


def test_source_archives_are_proposed_where_they_were_approved() -> None:
    (fix,) = waiting(policy(approval(sdist("2.3.1"), sdists=True)), sdist("2.3.1"), sdist("2.3.2"))
    assert fix.version == "2.3.2"


def test_what_observe_mode_serves_still_wants_its_fix() -> None:
    (fix,) = waiting(policy(approval(OLD), Terms(mode="observe")), OLD, FIXED)
    assert fix.version == "2.3.2"


def test_without_a_page_the_advisory_says_which_version_is_fixed() -> None:
    (fix,) = fixes.waiting(policy(), {}, AT)
    assert (fix.requirement, fix.uploaded) == ("flask==2.3.2", None)


def test_a_fix_is_told_in_the_channel_that_needs_it_and_once_where_others_inherit() -> None:
    research = channel("research")
    (base,) = waiting(policy(research, approval(OLD)), OLD, FIXED)
    assert base.channel == ""
    (own,) = waiting(policy(research, approval(OLD, channel="research")), OLD, FIXED)
    assert own.channel == "research"
    strict = channel("strict", refuse_unknown_severity=True)
    loose = Terms(refuse_unknown_severity=False)
    (there,) = waiting(policy(strict, loose, approval(OLD)), OLD, FIXED)
    assert there.channel == "strict", "only there is it withheld"


versions = st.sampled_from(["1.0", "1.1", "2.0", "2.1", "3.0rc1", "3.0"])
files = st.builds(wheel, versions, upload_time=st.sampled_from([AT - timedelta(days=90), AT - timedelta(days=1)]))
releases = st.lists(
    st.tuples(files, st.booleans(), st.booleans()), max_size=6, unique_by=lambda release: release[0].version
)
"""Each with whether it is listed, and whether it is approved."""


def judged(chosen: list[ReleaseFile], policy: PolicySnapshot) -> list[Verdict]:
    return list(judge_files(chosen, Basis.of(FLASK, policy, AT), policy, AT))


@given(releases, versions, versions)
def test_approving_what_is_proposed_serves_it(
    found: list[tuple[ReleaseFile, bool, bool]], introduced: str, fixed: str
) -> None:
    """A fix is above what it fixes, was not served before, and is once it is approved as proposed."""
    listed, approved = [file for file, is_listed, _ in found if is_listed], [file for file, _, yes in found if yes]
    about = advisory(("introduced", introduced), ("fixed", fixed))
    before = policy(approval(*approved), advisories=[about])
    for fix in waiting(before, *listed):
        chosen = [file for file in listed if file.version == fix.version]
        assert all(Version(covered) < Version(fix.version) for covered in fix.withheld)
        assert not any(verdict.allowed for verdict in judged(chosen, before))
        granted = approval(*chosen, acknowledged=fix.acknowledge, id="fix")
        assert any(v.allowed for v in judged(chosen, before.amended([granted], (), 9)))
