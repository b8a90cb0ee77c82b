"""What a developer reads at the terminal, with the installers as they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import PIPS, Bench, Ran
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

Install = Callable[[Bench, str, str], Ran]

INSTALLERS: dict[str, Install] = {
    **{f"pip-{version}": lambda b, i, r, v=version: b.pip(v, i, r) for version in PIPS},  # type: ignore[misc]
    "uv": lambda b, i, r: b.uv(i, r),
    "poetry": lambda b, i, r: b.poetry(i, r),
}


@pytest.fixture(params=INSTALLERS)
def install(request: pytest.FixtureRequest, bench: Bench, gate: Gatehouse) -> Callable[[str], str]:
    """Install through the gate, expect a refusal, and return what was printed on one line."""

    def run(requirement: str) -> str:
        done = INSTALLERS[request.param](bench, gate.index, requirement)
        assert done.code != 0, done.output
        return " ".join(done.output.split())

    return run


def test_a_project_that_is_not_approved(install: Callable[[str], str], index: Upstream) -> None:
    index.release("flask", "3.0.0")
    assert "/refused/flask_is_not_approved._Ask_for_it_wicketgate_request_flask/" in install("flask")


def test_a_pinned_version_that_is_withheld(install: Callable[[str], str], index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0")
    gate.approve("flask==3.1.0")
    assert "/refused/flask_3.0.0_is_not_approved_other_versions_are._Ask_for_it" in install("flask==3.0.0")


def test_a_look_alike_names_what_was_meant(install: Callable[[str], str], index: Upstream) -> None:
    index.release("reqeusts", "1.0")
    said = install("reqeusts")
    assert "/refused/reqeusts_looks_like_requests" in said
    assert "Did_you_mean_requests" in said
    assert not index.asked("reqeusts"), "a look-alike never reaches the upstream"


def test_a_dependency_that_is_not_approved_stops_the_install(
    install: Callable[[str], str], index: Upstream, gate: Gatehouse
) -> None:
    index.release("parent", "1.0")
    index.release("parent", "2.0", ["click>=8"])
    index.release("click", "8.1.0")
    gate.approve("parent")
    assert "/refused/click_is_not_approved._Ask_for_it_wicketgate_request_click/" in install("parent")


def test_a_malicious_release(install: Callable[[str], str], index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    gate.advisory("MAL-2026-1", "flask", versions=["3.0.0"])
    said = install("flask")
    assert "/refused/flask_3.0.0_is_reported_as_malware_MAL-2026-1" in said
