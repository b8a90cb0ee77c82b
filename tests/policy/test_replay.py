"""Demand judged again: the same policy makes no difference, and what breaks or opens is told for the right reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Code, Prohibition, ProjectPage, ReleaseFile, Terms, Wanted
from proxy.policy.judge import judge
from proxy.policy.replay import Replay, Replayed, replay
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.document.documents import policies
from tests.policy.facts import AT, FLASK, approval, channel, snapshot, subject, wheel

OLD, YOUNG = wheel(), wheel("3.1.0", upload_time=AT - timedelta(days=3))
PAGE = ProjectPage(FLASK, (OLD, YOUNG))


def wanted(file: ReleaseFile | None = None, **facts: Any) -> Wanted:
    """A line of demand: a file, or the page."""
    said: dict[str, Any] = {
        "channel": "",
        "project": "flask",
        "version": file.version if file else "",
        "filename": file.filename if file else "",
        "sha256": (file.sha256 or "") if file else "",
        "count": 3,
        "refused": 0,
        "clients": ("10.0.0.9",),
        "tokens": (),
        "last": AT,
    }
    return Wanted(**{**said, **facts})


def one(line: Wanted, before: PolicySnapshot, after: PolicySnapshot, page: ProjectPage | None = PAGE) -> Replayed:
    """Replay one line."""
    (found,) = replay(FLASK, [line], page, before, after, AT)
    return found


files = st.builds(wheel, st.sampled_from(["3.0", "3.1"]), sha256=st.sampled_from(["a" * 64, "b" * 64, None]))
lines = st.builds(wanted, st.none() | files)
pages = st.none() | st.lists(files, max_size=4).map(lambda listed: ProjectPage(FLASK, tuple(listed)))


@given(policies, st.lists(lines, max_size=4), pages)
def test_the_same_policy_makes_no_difference(
    policy: PolicySnapshot, demand: list[Wanted], page: ProjectPage | None
) -> None:
    for name in ("", "research", "lab", "closed"):
        view = policy.seen_in(name)
        found = Replay.of(replay(FLASK, demand, page, view, policy.seen_in(name), AT))
        assert (found.breaks, found.opens, found.lines) == ((), (), len(demand))


@given(policies, policies, files)
def test_what_is_told_is_what_the_judge_would_say(
    before: PolicySnapshot, after: PolicySnapshot, file: ReleaseFile
) -> None:
    found = one(wanted(file), before, after, ProjectPage(FLASK, (file,)))
    if file.sha256 and all(pin == file for side in (before, after) for pin in side.pinned(FLASK).values()):
        verdicts = [judge(subject(file), side, AT) for side in (before, after)]
        assert found.breaks == (verdicts[0].allowed and not verdicts[1].allowed)
        assert found.opens == (verdicts[1].allowed and not verdicts[0].allowed)


class TestOneLine:
    """Each way in which a change can meet a line of demand."""

    granted = snapshot(approval(OLD, YOUNG))

    def test_a_higher_age_breaks_what_is_young(self) -> None:
        stricter = self.granted.amended([Terms(minimum_age=timedelta(days=30))], (), 8)
        looser = self.granted.amended([Terms(minimum_age=timedelta(0))], (), 8)
        assert not one(wanted(YOUNG), self.granted, stricter).breaks, "it is refused already"
        broken = one(wanted(YOUNG), looser, stricter)
        assert broken.breaks
        assert broken.after
        assert [finding.code for finding in broken.after.refusals] == [Code.TOO_NEW]
        assert not one(wanted(OLD), looser, stricter).breaks

    def test_an_approval_opens_file_and_page(self) -> None:
        for line in (wanted(OLD), wanted()):
            found = one(line, snapshot(), self.granted)
            assert (found.opens, found.breaks) == (True, False)

    def test_leaving_observe_mode_breaks_what_nobody_approved(self) -> None:
        observed = snapshot(Terms(mode="observe"))
        assert one(wanted(OLD), observed, snapshot()).breaks

    def test_what_an_approval_pinned_needs_no_page(self) -> None:
        closed = self.granted.amended([Prohibition("p", FLASK, "", "ada", "no", AT)], (), 8)
        assert one(wanted(OLD), self.granted, closed, None).breaks

    def test_without_a_page_and_a_pin_nothing_is_judged_unless_the_name_alone_is_refused(self) -> None:
        other = wheel("9.0")
        assert not one(wanted(other), self.granted, self.granted, None).judged
        assert not one(wanted(other), snapshot(), self.granted, None).judged
        assert one(wanted(other), snapshot(), snapshot(), None).judged

    def test_what_a_kept_page_does_not_list_is_served_to_nobody(self) -> None:
        found = one(wanted(wheel("9.0")), self.granted, snapshot())
        assert (found.judged, found.breaks, found.opens) == (True, False, False)

    def test_other_bytes_under_the_same_name_are_not_these(self) -> None:
        found = one(wanted(OLD, sha256="f" * 64), self.granted, snapshot())
        assert (found.breaks, found.opens) == (False, False)

    def test_a_tombstone_stands_for_its_version(self) -> None:
        tombstone = wanted(None, version="3.0.0", filename="flask-3.0.0-py3-none-any.whl", refused=3)
        assert one(replace(tombstone, filename="flask-3.0.0-py2-none-any.whl"), snapshot(), self.granted).opens
        assert one(tombstone, snapshot(), self.granted).opens

    def test_a_tombstone_without_a_version_stands_for_its_project(self) -> None:
        tombstone = wanted(None, filename="flask-9999+flask.is.not.approved-py3-none-any.whl", refused=3)
        assert one(tombstone, snapshot(), self.granted, None).opens

    @pytest.mark.parametrize("status", ["active", "quarantined"])
    def test_the_status_of_the_page_counts(self, status: str) -> None:
        found = one(wanted(OLD), snapshot(), self.granted, replace(PAGE, status=status))
        assert found.opens == (status == "active")

    def test_a_channel_that_closes_serves_nothing(self) -> None:
        before = snapshot(channel("lab"), approval(OLD))
        after = before.amended((), ["channel:lab"], 8)
        assert one(wanted(OLD, channel="lab"), before.seen_in("lab"), after.seen_in("lab")).breaks


def test_a_replay_tells_the_most_wanted_first() -> None:
    lines = [wanted(OLD, count=1), wanted(YOUNG, count=5)]
    looser = snapshot(approval(OLD, YOUNG), Terms(minimum_age=timedelta(0)))
    found = Replay.of(replay(FLASK, lines, PAGE, looser, snapshot(), AT))
    assert [item.line.count for item in found.breaks] == [5, 1]
