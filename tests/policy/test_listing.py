"""What a page shows where approvals, first hand-outs and the upstream do not agree about a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from proxy.model import Code, ProjectPage, ReleaseFile, Unreadable
from proxy.policy.listing import at_revision, compose
from tests.policy.facts import AT, FLASK, approval, sdist, snapshot, wheel

FILE = wheel()
OTHER = "b" * 64
STANDING = approval(specifier=">=3", standing=True)


def page(*files: ReleaseFile) -> ProjectPage:
    return ProjectPage(FLASK, files)


@pytest.mark.parametrize("change", [{"sha256": OTHER}, {"size": 1001}, {"sha256": None}])
@pytest.mark.parametrize("by_approval", [True, False], ids=["approved", "handed out"])
def test_the_decided_bytes_are_served_and_the_others_set_aside(change: dict[str, Any], by_approval: bool) -> None:
    policy = snapshot(approval(FILE)) if by_approval else snapshot(STANDING)
    first = {} if by_approval else {FILE.filename: FILE}
    found = compose(FLASK, page(replace(FILE, **change)), policy, AT, first=first)
    assert [judged.file for judged in found.allowed] == [FILE]
    (aside,) = found.changed
    assert [finding.code for finding in aside.verdict.refusals] == [Code.CHANGED]


def test_a_name_that_stood_for_other_bytes_is_not_approved_anew() -> None:
    changed = replace(FILE, sha256=OTHER)
    found = compose(FLASK, page(changed), snapshot(approval(changed)), AT, first={FILE.filename: FILE})
    assert not found.allowed
    assert Code.CHANGED in {finding.code for finding in found.files[0].verdict.refusals}


def test_what_was_handed_out_first_keeps_the_facts_of_its_approval() -> None:
    known = replace(FILE, licence="MIT")
    found = compose(FLASK, page(FILE), snapshot(approval(known)), AT, first={FILE.filename: FILE})
    assert found.allowed[0].file.licence == "MIT"


def test_what_only_a_standing_approval_opens_goes_when_its_page_forgets_it() -> None:
    assert not compose(FLASK, page(), snapshot(STANDING), AT, first={FILE.filename: FILE}).files
    assert compose(FLASK, page(), snapshot(approval(FILE)), AT).allowed


def test_an_upstream_may_yank_and_lose_provenance_but_no_more() -> None:
    pinned = replace(FILE, provenance="https://index.example/p", licence="MIT", requires_python=">=3.9")
    listed = replace(FILE, yanked="broken", requires_python=">=3.12")
    (judged,) = compose(FLASK, page(listed), snapshot(approval(pinned)), AT).files
    assert judged.file == replace(pinned, yanked="broken", provenance=None)


def test_rows_that_are_no_files_are_told() -> None:
    row = Unreadable("fiask-1.0.tar.gz", "Its name says another project.", inconsistent=True)
    assert compose(FLASK, replace(page(FILE), unreadable=(row,)), snapshot(), AT).unreadable == (row,)


def test_an_unrelated_change_takes_every_verdict_over() -> None:
    policy = snapshot(approval(FILE), revision=7)
    before = compose(FLASK, page(FILE, sdist()), policy, AT)
    other = approval(wheel(project="numpy"), project="numpy", id="other")  # type: ignore[arg-type]
    after = compose(FLASK, page(FILE, sdist()), policy.amended([other], (), 8), AT + timedelta(hours=1), before=before)
    assert after.files is before.files
    assert after.verdict.revision == 8
    assert at_revision(after.files[0].verdict, 8).revision == 8
    longer = compose(FLASK, page(FILE, sdist(), wheel("3.1")), policy, AT, before=before)
    assert [judged.file.version for judged in longer.files] == ["3.1", "3.0.0", "3.0.0"]
    assert set(map(id, before.files)) < set(map(id, longer.files))
