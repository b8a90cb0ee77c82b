"""Changes by two people at once: the second sees a conflict in words, never an overwrite."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

FRAGMENT = "format = 1\nfragment = true\n"
WRITES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/approvals", {"requirement": "numpy", "reason": "x"}),
    ("POST", "/approvals/revoke", {"requirement": "flask", "reason": "x"}),
    ("POST", "/approvals/revoke", {"requirement": "flask==3.0.0", "reason": "x"}),
    ("POST", "/prohibitions", {"requirement": "numpy", "reason": "x"}),
    ("POST", "/prohibitions/lift", {"requirement": "left-pad", "reason": "x"}),
    ("POST", "/waivers", {"requirement": "flask", "advisory": "X-1", "reason": "x"}),
    ("POST", "/waivers/end", {"requirement": "flask", "advisory": "X-2", "reason": "x"}),
    ("PATCH", "/terms", {"minimum_age_days": 3, "reason": "x"}),
    ("PATCH", "/terms", {"minimum_age_days": 3, "channel": "research", "reason": "x"}),
    ("POST", "/channels", {"name": "lab", "reason": "x"}),
    ("DELETE", "/channels/research?reason=x", None),
    ("POST", "/origins", {"url": "https://other.example", "reason": "x"}),
    ("POST", "/policy/apply", {"document": FRAGMENT + '[terms]\nminimum_age = "3d"', "reason": "x"}),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    """A gate whose policy has something of everything."""
    with Upstream() as upstream:
        upstream.release("flask", "3.0.0")
        upstream.release("flask", "3.1.0")
        upstream.release("numpy", "2.0")
        gate = Gatehouse(tmp_path_factory.mktemp("conflicts") / "gate", upstream.url).start()
        gate.approve("flask")
        gate.facts("prohibit", "left-pad", "--reason", "x")
        gate.advisory("X-1", "flask", versions=["3.0.0"])
        gate.advisory("X-2", "flask", versions=["3.0.0"])
        gate.facts("waive", "flask", "X-2", "--reason", "x")
        gate.facts("channels", "open", "research", "--reason", "x")
        yield gate
        gate.stop()


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_what_was_previewed_at_another_revision_is_a_conflict(
    desk: Gatehouse, method: str, path: str, body: dict[str, Any] | None
) -> None:
    revision = desk.admin("GET", "/policy/document").json()["revision"]
    answer = desk.admin(method, path, json=body, headers={"if-match": str(revision - 1)})
    assert answer.status_code == 412, answer.text
    assert f"you saw revision {revision - 1}, it is at {revision} now" in answer.json()["detail"]
    assert desk.admin("GET", "/policy/document").json()["revision"] == revision


def test_every_command_with_a_preview_takes_the_revision(desk: Gatehouse) -> None:
    for words in (
        ["approve", "numpy"],
        ["approve", "numpy", "--with-dependencies"],
        ["revoke", "flask"],
        ["prohibit", "numpy"],
        ["prohibit", "left-pad", "--lift"],
        ["waive", "flask", "X-1"],
        ["waive", "flask", "X-2", "--end"],
        ["terms", "--minimum-age-days", "3"],
        ["channels", "open", "lab"],
        ["channels", "close", "research"],
        ["origins", "allow", "https://files.example"],
        ["break-glass", "open", "numpy"],
    ):
        done = desk.cli(*words, "--reason", "x", "--if-revision", "1")
        assert (done.returncode, "you saw revision 1, it is at" in done.stderr) == (2, True), (words, done.stderr)


def test_two_people_narrow_one_approval_at_once_and_neither_is_undone(gate: Gatehouse, index: Upstream) -> None:
    versions = [f"1.{number}" for number in range(6)]
    for version in versions:
        index.release("flask", version)
    gate.approve("flask")

    def revoke(version: str) -> int:
        body = {"requirement": f"flask=={version}", "reason": "x"}
        return gate.admin("POST", "/approvals/revoke", json=body).status_code

    with ThreadPoolExecutor(6) as people:
        codes = list(people.map(revoke, versions[:-1]))
    assert set(codes) <= {200, 412}
    (kept,) = gate.admin("GET", "/approvals").json()
    left = {file["filename"].split("-")[1] for file in kept["files"]}
    assert left == {version for version, code in zip(versions, [*codes, 0], strict=True) if code != 200}


def test_a_stale_form_is_a_conflict_and_shows_what_would_happen_now(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as browser:
        browser.post("/sign-in", data={"token": gate.token})
        form = {"requirement": "flask", "reason": "x"}
        shown = browser.post("/approve", data={**form, "do": "preview"}).text
        revision = shown.partition('name="revision" value="')[2].partition('"')[0]
        gate.facts("prohibit", "flask", "--reason", "somebody was faster")
        stale = browser.post("/approve", data={**form, "do": "grant", "revision": revision})
        assert stale.status_code == 412
        assert f"you saw revision {revision}" in stale.text
        assert "somebody was faster" in stale.text, "it shows what the approval would do now"
    assert gate.admin("GET", "/approvals").json() == []
