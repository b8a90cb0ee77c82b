"""The gentle way in, with real installers: observe, adopt, enforce; what was used works, all else is refused."""

from __future__ import annotations

from pathlib import Path

from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

FRESH = ("--force-reinstall", "--no-cache-dir")


def _world(index: Upstream) -> None:
    index.release("app", "2.0", ["helper>=1"], days=1)
    index.release("app", "1.0", ["helper>=1"])
    index.release("helper", "1.0")
    index.release("helper", "1.1", build="1")
    index.release("tool", "1.0")
    index.release("unused", "1.0")


def _observed(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    """A week of builds in observe mode, by pip and by uv."""
    _world(index)
    gate.facts("terms", "--mode", "observe", "--reason", "a gentle first week")
    assert bench.pip("26.3", gate.index, "app").code == 0
    assert bench.uv(gate.index, "--reinstall", "app==1.0", "tool").code == 0


def test_what_was_observed_is_adopted_and_then_enforced(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    _observed(gate, index, bench)
    shown = gate.cli("adopt")
    assert shown.returncode == 0
    assert "app 2.0" in shown.stdout
    before = gate.admin("GET", "/terms").json()["revision"]
    adopted = gate.facts("adopt", "--apply", "--reason", "what last week's builds used")
    assert {(line["project"], line["version"]) for line in adopted["proposals"]} == {
        ("app", "1.0"),
        ("app", "2.0"),
        ("helper", "1.1"),
        ("tool", "1.0"),
    }
    riskiest = adopted["proposals"][0]
    assert (riskiest["project"], riskiest["version"], riskiest["acknowledged"]) == ("app", "2.0", ["too-new"])
    assert "1 days old" in riskiest["because"]
    assert adopted["applied"]["revision"] == before + 1, "one change"
    gate.facts("terms", "--mode", "enforce", "--reason", "the week is over")
    again = bench.pip("26.3", gate.index, *FRESH, "app")
    assert again.code == 0, again.output
    by_uv = bench.uv(gate.index, "--reinstall", "--no-cache", "app==1.0", "tool")
    assert by_uv.code == 0, by_uv.output
    verdicts = {
        (r["filename"], r["verdict"]) for r in gate.facts("audit", "decisions")["decisions"] if r["what"] == "file"
    }
    assert not [verdict for _, verdict in verdicts if verdict == "refused"]
    for other in ("unused", "helper==1.0"):
        assert bench.pip("26.3", gate.index, *FRESH, other).code != 0
        assert bench.uv(gate.index, "--reinstall", "--no-cache", other).code != 0
    assert gate.facts("adopt")["proposals"] == [], "there is nothing left to adopt"


def test_a_proposal_is_reviewed_as_a_document_and_simulated_before_it_is_enforced(
    gate: Gatehouse, index: Upstream, bench: Bench, tmp_path: Path
) -> None:
    _observed(gate, index, bench)
    enforce, adopted = tmp_path / "enforce.toml", tmp_path / "adopted.toml"
    enforce.write_text('format = 1\nfragment = true\n[terms]\nmode = "enforce"\n')
    today = gate.facts("simulate", str(enforce))
    assert {line["project"] for line in today["demand"]["breaks"]} == {"app", "helper", "tool"}
    assert "policy plan" in gate.cli("adopt", "--output", str(adopted)).stdout
    assert adopted.read_text().startswith("# Wicketgate policy: a fragment")
    both = adopted.read_text() + '\n[terms]\nmode = "enforce"\n'
    adopted.write_text(both)
    simulated = gate.facts("simulate", str(adopted))
    assert simulated["demand"]["breaks"] == [], simulated["demand"]["breaks"]
    gate.facts("policy", "apply", str(adopted), "--reason", "adopted after a look")
    assert bench.pip("26.3", gate.index, *FRESH, "app").code == 0
    assert bench.uv(gate.index, "--reinstall", "--no-cache", "unused").code != 0


def test_what_more_than_an_approval_would_open_is_told_and_not_adopted(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    _world(index)
    gate.advisory("PYSEC-2026-7", "helper", versions=["1.1"])
    gate.facts("terms", "--mode", "observe", "--reason", "x")
    assert bench.pip("26.3", gate.index, "app==1.0").code == 0
    facts = gate.facts("adopt", "--since", "1h")
    assert [line["project"] for line in facts["proposals"]] == ["app"]
    (held,) = facts["withheld"]
    assert (held["project"], held["still"][0]["code"]) == ("helper", "vulnerable")
    assert "Not proposed" in gate.cli("adopt").stdout


def test_a_channel_is_adopted_for_itself(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    _world(index)
    gate.facts("channels", "open", "research", "--reason", "x")
    gate.facts("terms", "--channel", "research", "--mode", "observe", "--reason", "x")
    research = f"{gate.url}/research/simple/"
    assert bench.uv(research, "tool").code == 0
    assert gate.facts("adopt")["proposals"] == []
    adopted = gate.facts("adopt", "--channel", "research", "--apply", "--reason", "x")
    assert [line["channel"] for line in adopted["proposals"]] == ["research"]
    gate.facts("terms", "--channel", "research", "--mode", "enforce", "--reason", "x")
    assert bench.uv(research, "--reinstall", "--no-cache", "tool").code == 0
    assert bench.uv(gate.index, "--reinstall", "--no-cache", "tool").code != 0
