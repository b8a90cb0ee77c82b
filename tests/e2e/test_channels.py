"""Channels and observe mode, with real installers: one gate, more than one policy."""

from __future__ import annotations

import pytest

from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


@pytest.fixture
def research(gate: Gatehouse, index: Upstream) -> str:
    """The index URL of a channel beside the default one; both know flask."""
    index.release("flask", "3.0.0")
    index.release("young", "1.0", days=1)
    gate.facts("channels", "open", "research", "--reason", "looser than production")
    return f"{gate.url}/research/simple/"


def test_a_channel_inherits_what_is_approved_and_adds_its_own(
    gate: Gatehouse, research: str, bench: Bench, index: Upstream
) -> None:
    index.release("numpy", "2.0")
    gate.approve("flask")
    gate.approve("numpy", "--channel", "research")
    assert bench.pip("26.3", research, "flask", "numpy").code == 0
    refused = bench.pip("26.3", gate.index, "--force-reinstall", "numpy")
    assert refused.code != 0
    assert "numpy_is_not_approved" in refused.output
    records = gate.facts("audit", "decisions")["decisions"]
    assert {(r["channel"], r["verdict"]) for r in records if r["filename"].startswith("numpy")} == {
        ("research", "allowed"),
        ("", "refused"),
    }


def test_a_channels_own_terms_are_its_own_until_it_inherits_again(gate: Gatehouse, research: str, bench: Bench) -> None:
    gate.approve("young")
    gate.facts("terms", "--channel", "research", "--minimum-age-days", "0", "--reason", "research may be early")
    assert bench.uv(research, "young").code == 0
    assert "too_new" in bench.uv(gate.index, "--reinstall", "young").output
    gate.facts("terms", "--channel", "research", "--inherit", "minimum_age", "--mode", "enforce", "--reason", "no more")
    assert "too_new" in bench.uv(research, "--reinstall", "young").output


def test_a_refusal_in_a_channel_leads_to_its_own_explanation(gate: Gatehouse, research: str) -> None:
    page = gate.get("/research/simple/flask/").text
    path = page.partition('href="../../')[2].partition('"')[0]
    problem = gate.get(f"/research/{path.partition('#')[0]}").json()
    assert problem["explain"].startswith(f"{gate.url}/research/explain/flask")
    assert gate.get("/research/explain/flask", accept="application/json").json()["allowed"] is False
    assert gate.get("/nowhere/simple/flask/").status_code == 404
    gate.approve("flask", "--channel", "research")
    assert gate.cli("explain", "flask", "--channel", "research").returncode == 0
    assert gate.cli("explain", "flask").returncode == 1
    assert research


def test_what_was_said_in_a_channel_ends_with_it(gate: Gatehouse, research: str) -> None:
    gate.approve("flask", "--channel", "research")
    gate.facts("channels", "open", "lab", "--base", "research", "--reason", "deeper")
    assert "inherits from it" in gate.cli("channels", "close", "research", "--reason", "x").stderr
    gate.facts("channels", "close", "lab", "--reason", "done")
    gate.facts("channels", "close", "research", "--reason", "done")
    assert gate.get("/research/simple/flask/").status_code == 404
    gate.facts("channels", "open", "research", "--reason", "again")
    assert gate.get("/research/explain/flask", accept="application/json").json()["allowed"] is False
    assert gate.facts("audit", "verify")["intact"]
    assert research


@pytest.mark.parametrize("name", ["simple", "Research", "a/b", "", "x" * 41, "admin"])
def test_a_channel_cannot_take_a_word_that_means_something_else(gate: Gatehouse, name: str) -> None:
    assert gate.cli("channels", "open", name, "--reason", "x").returncode == 2


def test_observe_mode_serves_and_records_everything_but_malware(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    index.release("flask", "3.0.0", ["obscure-helper"], days=1)
    index.release("obscure-helper", "1.0")
    index.release("stolen", "1.0")
    gate.advisory("MAL-2026-7", "stolen", versions=["1.0"])
    gate.facts("terms", "--mode", "observe", "--reason", "a gentle first week")
    done = bench.pip("26.3", gate.index, "flask")
    assert done.code == 0, done.output
    refused = bench.pip("26.3", gate.index, "stolen")
    assert refused.code != 0
    assert "malware" in refused.output
    files = [r for r in gate.facts("audit", "decisions")["decisions"] if r["what"] == "file"]
    observed = {r["project"]: r["codes"] for r in files if r["verdict"] == "observed"}
    assert set(observed) == {"flask", "obscure-helper"}
    assert set(observed["flask"]) == {"not-approved", "too-new"}
