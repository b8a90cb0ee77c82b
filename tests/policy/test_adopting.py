"""From what observe mode let through to approvals: exactly that is opened, and nothing beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Advisory, Affected, Code, ProjectPage, ReleaseFile, Terms, Wanted
from proxy.policy.adopting import Proposals, checked, enforced, propose
from proxy.policy.changes import acknowledgements
from proxy.policy.document.applying import draft
from proxy.policy.judge import judge
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.similarity import NameIndex
from proxy.policy.snapshot import Names, PolicySnapshot
from tests.policy.document.documents import HAND
from tests.policy.facts import AT, FLASK, approval, channel, sdist, snapshot, subject, wheel
from tests.policy.test_replay import wanted

OBSERVED = snapshot(Terms(mode="observe"))
OLD, YOUNG, SOURCE = wheel(), wheel("3.1.0", upload_time=AT - timedelta(days=1)), sdist("2.0.0")


def adopted(lines: list[Wanted], listed: tuple[ReleaseFile, ...], policy: PolicySnapshot = OBSERVED) -> Proposals:
    """What is proposed for one project."""
    view = enforced(policy)
    found, unknown = propose(FLASK, lines, ProjectPage(FLASK, listed), view, AT)
    return checked(found, unknown, view, lambda _project: "active", AT)


def after(proposals: Proposals, policy: PolicySnapshot = OBSERVED) -> PolicySnapshot:
    """The policy enforced, with every proposal approved."""
    approvals = [replace(draft(proposal.entry, HAND), files=proposal.files) for proposal in proposals.adoptable]
    met = [entry for approval in approvals for entry in acknowledgements(approval, approval.project)]
    return enforced(policy).amended([*approvals, *met], (), 8)


def test_a_release_is_proposed_with_its_very_files_and_what_must_be_overruled() -> None:
    found = adopted([wanted(OLD, count=2), wanted(YOUNG), wanted(SOURCE)], (OLD, YOUNG, SOURCE, wheel("9.0")))
    entries = {proposal.version: proposal.entry for proposal in found.adoptable}
    assert {version: entry.specifier for version, entry in entries.items()} == {
        "3.0.0": "==3.0.0",
        "3.1.0": "==3.1.0",
        "2.0.0": "==2.0.0",
    }
    assert entries["3.1.0"].acknowledged == ("too-new",)
    assert entries["2.0.0"].sdists
    assert entries["3.0.0"].files == ((OLD.filename, "a" * 64),)
    assert entries["3.0.0"].reason == "Adopted from observe mode: 2 downloads by 1 clients"


def test_the_riskiest_comes_first() -> None:
    found = adopted([wanted(OLD), wanted(YOUNG), wanted(SOURCE)], (OLD, YOUNG, SOURCE))
    scores = [proposal.risk.score for proposal in found.adoptable]
    assert [proposal.version for proposal in found.adoptable] == ["3.1.0", "2.0.0", "3.0.0"]
    assert scores == sorted(scores, reverse=True)


def test_what_an_approval_cannot_open_is_told_apart() -> None:
    index = AdvisoryIndex.of([Advisory("X-1", AT, (Affected(FLASK, ("3.0.0",), ()),))])
    policy = replace(OBSERVED, advisories=index)
    found = adopted([wanted(OLD), wanted(YOUNG)], (OLD, YOUNG), policy)
    (held,) = found.withheld
    assert (held.version, [finding.code for finding in held.still]) == ("3.0.0", [Code.VULNERABLE])
    assert [proposal.version for proposal in found.adoptable] == ["3.1.0"]


def test_a_look_alike_is_acknowledged_by_the_name_it_resembles() -> None:
    index = NameIndex.build(["flsk"], ["flsk"])
    block = replace(index, model=replace(index.model, block=0.0))
    policy = replace(OBSERVED, names=Names({"flsk": 1}, popular=block, protected=block))
    found = adopted([wanted(OLD)], (OLD,), policy)
    assert found.adoptable[0].entry.acknowledged == ("look-alike:flsk",)
    assert judge(subject(OLD), after(found, policy), AT).allowed


def test_what_is_approved_already_or_not_known_any_more_is_not_proposed() -> None:
    policy = snapshot(Terms(mode="observe"), approval(OLD))
    gone = wheel("8.0")
    found = adopted([wanted(OLD), wanted(gone), wanted(YOUNG, sha256="e" * 64)], (OLD, YOUNG), policy)
    assert found.adoptable == ()
    assert [line.version for line in found.unknown] == ["8.0", "3.1.0"]


def test_what_a_channel_let_through_is_approved_there() -> None:
    policy = snapshot(channel("lab", mode="observe")).seen_in("lab")
    found = adopted([wanted(OLD, channel="lab")], (OLD,), policy)
    assert found.adoptable[0].entry.channel == "lab"


files: st.SearchStrategy[Any] = st.builds(
    wheel,
    st.sampled_from(["1.0", "2.0rc1", "3.0", "1!1.0", "3.0+cpu"]),
    sha256=st.sampled_from(["a" * 64, "b" * 64]),
    upload_time=st.sampled_from([AT, None, AT - timedelta(days=99), AT + timedelta(days=9)]),
    yanked=st.sampled_from([None, "", "broken"]),
)
listings = st.lists(st.one_of(files, files.map(lambda f: sdist(f.version, sha256=f.sha256))), max_size=5).map(
    lambda found: tuple({file.filename: file for file in found}.values())
)


@given(listings, st.data())
def test_adopted_and_enforced_all_of_it_is_served_and_nothing_else(
    listed: tuple[ReleaseFile, ...], data: st.DataObject
) -> None:
    handed_out = [file for file in listed if data.draw(st.booleans())]
    found = adopted([wanted(file) for file in handed_out], listed)
    assert not found.withheld
    policy = after(found)
    for file in listed:
        assert judge(subject(file), policy, AT).allowed == (file in handed_out)
