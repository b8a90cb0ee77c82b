"""Channels: what each inherits, what is its own, and that nothing of one leaks into another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Entry, Prohibition, Terms
from proxy.policy.judge import judge
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, channel, snapshot, subject, wheel

FILE = wheel()
RESEARCH, LAB = channel("research", minimum_age=timedelta(0)), channel("lab", base="research", mode="observe")


def allowed(policy: PolicySnapshot, name: str) -> bool:
    return judge(subject(FILE), policy.of_channel(name), AT).allowed


@pytest.mark.parametrize(
    ("where", "opened"),
    [("", {"", "research", "deep"}), ("research", {"research", "deep"}), ("deep", {"deep"})],
)
def test_an_approval_counts_in_its_channel_and_in_those_that_inherit(where: str, opened: set[str]) -> None:
    policy = snapshot(RESEARCH, channel("deep", base="research"), approval(FILE, channel=where))
    assert {name for name in ("", "research", "deep") if allowed(policy, name)} == opened


def test_a_prohibition_of_the_base_counts_everywhere_and_one_of_a_channel_there_alone() -> None:
    policy = snapshot(RESEARCH, approval(FILE))
    of_base = policy.amended([Prohibition("p", FLASK, "", "ada", "no", AT)], (), 9)
    of_research = policy.amended([Prohibition("p", FLASK, "", "ada", "no", AT, channel="research")], (), 9)
    assert not allowed(of_base, "")
    assert not allowed(of_base, "research")
    assert allowed(of_research, "")
    assert not allowed(of_research, "research")


def test_a_channel_has_the_terms_of_its_base_except_its_own() -> None:
    policy = snapshot(RESEARCH, LAB, Terms(minimum_age=timedelta(days=30), refuse_severity="high"))
    research, lab = policy.of_channel("research").terms, policy.of_channel("lab").terms
    assert (research.mode, research.minimum_age, research.refuse_severity) == ("enforce", timedelta(0), "high")
    assert (lab.mode, lab.minimum_age, lab.refuse_severity) == ("observe", timedelta(0), "high")
    assert policy.of_channel("").terms.minimum_age == timedelta(days=30)


def test_bases_that_lead_in_a_circle_end_at_the_default_channel() -> None:
    policy = snapshot(channel("one", base="two"), channel("two", base="one"))
    assert policy.lineage("one") == ("one", "two", "")


def test_there_is_no_view_of_a_channel_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        snapshot().of_channel("nowhere")
    with pytest.raises(KeyError):
        snapshot(RESEARCH).amended((), [RESEARCH.id], 9).of_channel("research")


channels = st.sampled_from(["", "research", "lab", "other"])
entries: st.SearchStrategy[Entry] = st.builds(
    lambda where, n: approval(FILE, channel=where, id=f"a{n}"), channels, st.integers()
)


@given(st.lists(entries, max_size=5), channels)
def test_what_is_said_in_one_channel_never_opens_anything_in_one_that_does_not_inherit(
    before: list[Entry], where: str
) -> None:
    policy = snapshot(RESEARCH, channel("lab", base="research"), channel("other"), *before)
    after = policy.amended([approval(FILE, channel=where, id="one more")], (), 9)
    for name in ("", "research", "lab", "other"):
        if where not in policy.lineage(name):
            assert allowed(after, name) == allowed(policy, name)
