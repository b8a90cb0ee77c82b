"""A project under review on a running gate: by terminal, API and page, and nothing of it is fetched but its words."""

from __future__ import annotations

import httpx

from tests.world import packages
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream

WORDS = b"""\
Metadata-Version: 2.4
Name: parent
Version: 2.0
Summary: a <script>alert(1)</script> framework
License-Expression: BSD-3-Clause
Author-email: Ada <ada@example>
Requires-Python: >=3.9
Project-URL: Source, https://code.example/parent
Project-URL: Trap, javascript:alert(1)
Requires-Dist: click>=8
Requires-Dist: six; python_version < "3"
Requires-Dist: reqeusts
Requires-Dist: evil @ https://files.example/evil.whl
"""


def test_one_view_with_what_a_reviewer_needs(gate: Gatehouse, index: Upstream) -> None:
    for version, days in (("1.0", 400), ("1.1", 300), ("2.0", 100), ("2.1", 1)):
        listed = index.release("parent", version, days=days)
        if version == "2.0":
            listed.metadata = WORDS
            listed.extra["provenance"] = f"{index.url}integrity/parent"
    source = index.sdist("parent", "2.0", days=100)
    source.content = packages.building_sdist("parent", "2.0", "raise SystemExit('it ran')")
    index.release("click", "8.1.0", requires_python=">=3.8")
    gate.approve("click")
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    gate.advisory("PYSEC-2026-1", "parent", ranges=ranges)
    gate.facts("request", "parent", "--why", "the billing service")
    gate.get("/simple/parent/")
    data = gate.facts("review", "parent")
    assert (data["version"], data["allowed"], data["in_the_way"], data["rank"]) == ("2.0", False, [], None)
    assert data["rhythm"] | {"first": "", "latest": ""} == {
        "releases": 4, "undated": 0, "first": "", "latest": "", "last_year": 3, "median_days": 100.0
    }  # fmt: skip
    assert [line["version"] for line in data["versions"]["shown"]] == ["2.1", "2.0", "1.1", "1.0"]
    assert [bool(line["advisories"]) for line in data["versions"]["shown"]] == [False, False, True, True]
    assert (data["formats"], data["provenance"]) == ({"wheel": 4, "sdist": 1}, {"with": 1, "of": 2})
    said = data["described"]
    assert (said["licence"], said["spdx"], said["people"]) == ("BSD-3-Clause", True, ["Ada <ada@example>"])
    assert said["links"] == [{"label": "Source", "url": "https://code.example/parent"}]
    needs = {line["project"]: line for line in data["needs"]}
    assert {name: line["verdict"] for name, line in needs.items()} == {
        "click": "allowed", "six": "refused", "reqeusts": "refused", "evil": "unknown"
    }  # fmt: skip
    assert needs["click"]["version"] == "8.1.0"
    assert needs["six"]["marker"] == 'python_version < "3"'
    assert "look-alike" in {reason["code"] for reason in needs["reqeusts"]["reasons"]}
    assert "goes round the gate" in needs["evil"]["problem"]
    assert [ask["why"] for ask in data["requests"]] == ["the billing service"]
    popular = gate.facts("review", "click")
    assert popular["rank"] < 1000
    assert [line["requires_python"] for line in popular["files"]] == [">=3.8"]
    young = gate.facts("review", "parent==2.1")
    assert [reason["code"] for reason in young["in_the_way"]] == ["too-new"]
    text = gate.cli("review", "parent").stdout
    for wanted in ("BSD-3-Clause", "3 of them in the last year", "PYSEC-2026-1 (unknown)", "the billing service"):
        assert wanted in text
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        assert desk.get("/projects/parent").headers["location"] == "/admin/sign-in"
        desk.post("/sign-in", data={"token": gate.token})
        assert 'href="/admin/projects/parent"' in desk.get("/inbox").text
        page = desk.get("/projects/parent")
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert 'href="https://code.example/parent"' in page.text
    assert "javascript:" not in page.text
    assert "PYSEC-2026-1 (unknown, fixed in 2.0)" in page.text
    fetched = {asked.path for asked in index.requests if asked.origin == "files"}
    assert {path for path in fetched if not path.endswith(".metadata") and "parent" in path} == set()
    assert not index.asked("evil"), "an address in its metadata is not followed"
    assert not index.asked("/simple/reqeusts"), "a name that nobody reviews is not asked for"


def test_a_look_alike_an_unknown_and_an_internal_name_under_review(gate: Gatehouse, index: Upstream) -> None:
    listed = index.release("reqeusts", "1.0")
    listed.metadata = WORDS
    found = gate.facts("review", "reqeusts")
    assert found["look_alike"]["target"] == "requests"
    assert "names the project 'parent'" in found["described"]["silence"]
    listed = index.release("other-bytes", "1.0")
    index.misbehave(f"{listed.path}.metadata", Answer(body=b"Name: other-bytes\nVersion: 1.0\nSummary: x\n"))
    assert "promised" in gate.facts("review", "other-bytes")["described"]["silence"]
    gate.facts("terms", "--internal", "acme-*", "--reason", "ours")
    for words, said in (
        ("nothing-there", "has no project nothing-there"),
        ("acme-billing", "is an internal name"),
        ("reqeusts==9", "lists no file of reqeusts 9"),
        ("reqeusts==x", "is not a version"),
        ("no name", "is not the name of a project"),
    ):
        done = gate.cli("review", words)
        assert (done.returncode, said in done.stderr) == (2, True), (words, done.stderr)
    assert not index.asked("acme")
