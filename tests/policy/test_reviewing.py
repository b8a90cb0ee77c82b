"""What a reviewer is told of a project: which release is meant, and every fact about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.model import Advisory, Affected, Code, Effect, Finding, ProjectPage, ReleaseFile, Severity, Subject, Verdict
from proxy.policy.checking import Checked
from proxy.policy.listing import compose
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.releases import VERSIONS_AT_MOST
from proxy.policy.reviewing import Facts, Needed, approving, candidate, review, unasked
from proxy.policy.similarity import NameIndex
from proxy.policy.snapshot import Names, PolicySnapshot
from proxy.simple.described import describe
from tests.policy.facts import AT, FLASK, approval, legacy, sdist, snapshot, wheel

DAY = timedelta(days=1)


def of(*files: ReleaseFile, project: str = "flask") -> ProjectPage:
    """A page."""
    return ProjectPage(NormalizedName(project), files)


def told(page: ProjectPage, release: str, policy: PolicySnapshot | None = None, **facts: Any) -> Any:
    """A review of a release."""
    policy = policy or snapshot()
    given: dict[str, Any] = {"described": None, "silence": "nobody asked", "needs": ()}
    here = compose(page.project, page, policy, AT)
    there = compose(page.project, page, approving(policy, page.project), AT)
    return review(Facts(page, policy, here, there, release, **{**given, **facts}), AT)


def meant(page: ProjectPage, policy: PolicySnapshot, wanted: str = "") -> ReleaseFile | None:
    """The file whose release is reviewed."""
    return candidate(compose(page.project, page, unasked(approving(policy, page.project)), AT), wanted)


def days_ago(version: str, days: float, **more: Any) -> ReleaseFile:
    """A wheel that was uploaded some days ago."""
    return wheel(version, upload_time=AT - days * DAY, **more)


@pytest.mark.parametrize(
    ("files", "wanted", "filename"),
    [
        ([wheel("1.0"), wheel("2.0")], "", "flask-2.0-py3-none-any.whl"),
        ([wheel("1.0"), wheel("2.0")], "1.0.0", "flask-1.0-py3-none-any.whl"),
        ([wheel("1.0"), days_ago("2.0", 1)], "", "flask-1.0-py3-none-any.whl"),
        ([wheel("1.0"), days_ago("2.0", 1)], "2.0", "flask-2.0-py3-none-any.whl"),
        ([wheel("1.0"), wheel("2.0rc1")], "", "flask-1.0-py3-none-any.whl"),
        ([wheel("1.0"), wheel("2.0", yanked="broken")], "", "flask-1.0-py3-none-any.whl"),
        ([sdist("2.0"), wheel("2.0")], "", "flask-2.0-py3-none-any.whl"),
        ([sdist("2.0"), legacy("2.0")], "", "flask-2.0.tar.gz"),
        ([days_ago("2.0rc1", 1)], "", "flask-2.0rc1-py3-none-any.whl"),
        ([wheel("1.0")], "2.0", None),
        ([], "", None),
    ],
)
def test_the_release_meant_is_the_newest_that_could_be_served(
    files: list[ReleaseFile], wanted: str, filename: str | None
) -> None:
    found = meant(of(*files), snapshot(), wanted)
    assert (found.filename if found else None) == filename


@pytest.mark.parametrize(
    ("days", "rhythm"),
    [
        ([], (0, None, None)),
        ([10], (1, None, 10)),
        ([400, 300, 290, 90], (3, 100.0, 90)),
        ([None, 40, 10], (2, 30.0, 10)),
        ([None], (0, None, None)),
    ],
)
def test_the_rhythm_of_releases(days: list[float | None], rhythm: tuple[int, float | None, int | None]) -> None:
    times = [None if ago is None else AT - ago * DAY for ago in days]
    page = of(*(wheel(f"{number}.0", upload_time=time) for number, time in enumerate(times, 1)))
    found = told(page, "1.0")["rhythm"]
    latest = (AT - datetime.fromisoformat(found["latest"])).days if found["latest"] else None
    assert (found["last_year"], found["median_days"], latest) == rhythm
    assert (found["releases"], found["undated"]) == (len(days), days.count(None))


def test_a_file_added_later_does_not_make_a_release_younger() -> None:
    page = of(days_ago("1.0", 100), days_ago("1.0", 1, filename="flask-1.0-1-py3-none-any.whl"))
    (line,) = told(page, "1.0")["versions"]["shown"]
    assert (line["age_days"], line["files"]) == (100, {"wheel": 2})


def test_advisories_stand_with_each_version_and_what_is_in_the_way_is_said() -> None:
    about = (Affected(FLASK, ("1.0",), ()),)
    found = Advisory("PYSEC-1", AT, about, summary="bad", severity=Severity("high", 8.1))
    policy = replace(snapshot(), advisories=AdvisoryIndex.of([found]))
    page = of(wheel("1.0"), wheel("2.0"))
    data = told(page, "1.0", policy)
    newer, older = data["versions"]["shown"]
    assert newer["advisories"] == []
    assert [(one["id"], one["severity"], one["score"], one["summary"]) for one in older["advisories"]] == [
        ("PYSEC-1", "high", 8.1, "bad")
    ]
    assert [reason["code"] for reason in data["in_the_way"]] == ["vulnerable"]
    assert told(page, "2.0", policy)["in_the_way"] == []
    young = told(of(days_ago("3.0", 1)), "3.0")
    assert [reason["code"] for reason in young["in_the_way"]] == ["too-new"]


def test_a_look_alike_and_a_popular_name_are_told() -> None:
    index = NameIndex.build(["requests", "flask"], ["requests", "flask"])
    names = Names({"requests": 1, "flask": 2}, popular=index, protected=index)
    policy = replace(snapshot(), names=names)
    look_alike = told(of(project="reqeusts"), "", policy)
    assert look_alike["look_alike"]["target"] == "requests"
    assert look_alike["rank"] is None
    popular = told(of(wheel()), "3.0.0", policy)
    assert (popular["look_alike"], popular["rank"]) == (None, 2)


def test_files_formats_and_provenance() -> None:
    page = of(
        wheel("2.0", provenance="https://index.example/p", requires_python=">=3.9", size=7),
        sdist("2.0", yanked="", upload_time=None),
        sdist("1.0"),
    )
    data = told(page, "2.0")
    assert data["formats"] == {"wheel": 1, "sdist": 2}
    assert data["provenance"] == {"with": 1, "of": 2}
    first, second = data["files"]
    assert (first["provenance"], first["requires_python"], first["size"]) == (True, ">=3.9", 7)
    assert (second["provenance"], second["yanked"], second["age_days"]) == (False, "", None)


def test_what_it_needs_stands_with_the_answer_here() -> None:
    refusal = Finding(Code.NOT_APPROVED, Effect.FORBID, "click is not approved.")
    refused = Checked(False, None, Verdict(Subject(NormalizedName("click")), 7, (refusal,)))
    allowed = Checked(True, "3.1", Verdict(Subject(NormalizedName("jinja2")), 7, ()))
    needs = [
        Needed("click>=8", "click", ">=8", answer=refused),
        Needed("jinja2", "jinja2", answer=allowed),
        Needed("x @ https://files.example/x.whl", "x", problem="It names an address."),
    ]
    found = told(of(wheel()), "3.0.0", needs=needs)["needs"]
    assert [(line["verdict"], line["version"]) for line in found] == [
        ("refused", None),
        ("allowed", "3.1"),
        ("unknown", None),
    ]
    assert found[0]["reasons"][0]["sentence"] == "click is not approved."
    assert found[2]["problem"] == "It names an address."


def test_its_own_words_or_why_there_are_none() -> None:
    said = describe(b"Name: flask\nSummary: web\nLicense-Expression: MIT\n")
    known = told(of(wheel()), "3.0.0", described=said)["described"]
    assert (known["known"], known["summary"], known["licence"], known["spdx"]) == (True, "web", "MIT", True)
    assert (known["requires_python"], known["people"], known["links"]) == (None, [], [])
    unknown = told(of(wheel()), "3.0.0")["described"]
    assert unknown == {"known": False, "silence": "nobody asked"}


def test_what_is_approved_is_allowed_and_many_versions_are_cut() -> None:
    files = [wheel(f"{number}.0") for number in range(VERSIONS_AT_MOST + 5)]
    data = told(of(*files), "7.0", snapshot(approval(files[7])))
    assert data["allowed"] is True
    assert (len(data["versions"]["shown"]), data["versions"]["more"]) == (VERSIONS_AT_MOST, 5)


times = st.sampled_from([None, AT - 400 * DAY, AT - 8 * DAY, AT - DAY, AT + DAY])
kinds = st.sampled_from([wheel, sdist, legacy])
files = st.builds(
    lambda make, version, time, yanked: make(version, upload_time=time, yanked=yanked),
    kinds,
    st.sampled_from(["1.0", "1.1rc1", "2.0", "3!1.0", "2.0+cpu"]),
    times,
    st.sampled_from([None, "", "broken"]),
)


@given(st.lists(files, max_size=8, unique_by=lambda file: file.filename), st.booleans())
def test_whatever_a_page_lists_it_can_be_reviewed(listed: list[ReleaseFile], approved: bool) -> None:
    policy = snapshot(approval(*listed)) if approved else snapshot()
    found = meant(of(*listed), policy)
    assert (found is None) is (not listed)
    data = told(of(*listed), found.version if found else "", policy)
    assert sum(data["formats"].values()) == len(listed)
    assert len(data["versions"]["shown"]) == len({file.version for file in listed})
    if not approved:
        assert not data["allowed"]
