"""``wicketgate check`` in a pipeline: formats, file, exit code; and what ``POST /check`` says of advisories."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


@pytest.fixture
def requirements(gate: Gatehouse, index: Upstream, tmp_path: Path) -> Path:
    """Three releases: one refused by an advisory, one with a waived one, one that nobody approved."""
    vulnerable = index.release("flask", "2.3.1")
    for project, version in (("flask", "2.3.2"), ("click", "8.1.0"), ("requests", "2.0")):
        index.release(project, version)
    gate.approve("flask")
    gate.approve("click")
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    gate.advisory("PYSEC-2026-2", "click", versions=["8.1.0"])
    gate.advisory("PYSEC-2026-3", "requests", versions=["2.0"])
    words = ["--reason", "not called", "--owner", "billing", "--justification", "vulnerable_code_not_present"]
    gate.facts("waive", "click", "PYSEC-2026-2", *words)
    path = tmp_path / "req.txt"
    pinned = f"flask==2.3.1 \\\n    --hash=sha256:{vulnerable.sha256}\n"
    path.write_text(f"# ours\n{pinned}click==8.1.0\nrequests==2.0\n")
    return path


def test_each_requirement_has_its_advisories_waived_or_not(gate: Gatehouse, requirements: Path) -> None:
    data = gate.facts("check", "-r", str(requirements))
    found = {line["name"]: line for line in data["results"]}
    assert {name: line["verdict"] for name, line in found.items()} == {
        "flask": "refused",
        "click": "allowed",
        "requests": "refused",
    }
    (flask,), (click,), (requests,) = (found[name]["advisories"] for name in ("flask", "click", "requests"))
    assert (flask["id"], flask["severity"], flask["effect"], flask["fixed"]) == (
        "PYSEC-2026-1",
        "unknown",
        "forbid",
        "2.3.2",
    )
    assert (click["id"], click["effect"], click["waiver"]["owner"]) == ("PYSEC-2026-2", "advise", "billing")
    assert requests["id"] == "PYSEC-2026-3", "what nobody approved is looked up as well"
    assert {"not-approved", "vulnerable"} <= {reason["code"] for reason in found["requests"]["reasons"]}
    assert [(line["line"], line["file"]) for line in data["results"]] == [
        (2, str(requirements)),
        (4, str(requirements)),
        (5, str(requirements)),
    ]
    said, status = data["advisory_data"], gate.facts("advisories", "status")
    assert (said["records"], said["sha256"]) == (3, status["sha256"])
    assert datetime.fromisoformat(said["newest"]) == datetime.fromisoformat(status["newest"])


@pytest.mark.parametrize("shape", ["table", "json", "cyclonedx", "openvex", "sarif"])
def test_every_format_goes_to_a_file_and_the_table_to_the_log(
    gate: Gatehouse, requirements: Path, tmp_path: Path, shape: str
) -> None:
    path = tmp_path / "report"
    done = gate.cli("check", "-r", str(requirements), "--format", shape, "--output", str(path))
    assert done.returncode == 1, done.stderr
    assert "Advisory data: STALE: 3 records" in done.stdout
    text = path.read_text()
    printed = gate.cli("check", "-r", str(requirements), "--format", shape).stdout
    assert (len(printed.splitlines()), printed[:20]) == (len(text.splitlines()), text[:20])
    match shape:
        case "table":
            assert "PYSEC-2026-1 (unknown)" in text
        case "json":
            assert len(json.loads(text)["results"]) == 3
        case "cyclonedx":
            assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
            assert {entry["id"] for entry in json.loads(text)["vulnerabilities"]} == {
                f"PYSEC-2026-{n}" for n in (1, 2, 3)
            }
        case "openvex":
            (statement,) = json.loads(text)["statements"]
            assert (statement["vulnerability"]["name"], statement["status"]) == ("PYSEC-2026-2", "not_affected")
        case "sarif":
            (run,) = json.loads(text)["runs"]
            assert {found["ruleId"] for found in run["results"]} == {"PYSEC-2026-1", "PYSEC-2026-3", "not-approved"}


def test_a_report_that_cannot_be_written_is_said_and_is_no_verdict(gate: Gatehouse, requirements: Path) -> None:
    done = gate.cli("check", "-r", str(requirements), "--output", str(requirements / "report"))
    assert done.returncode == 2
    assert "error:" in done.stderr


def test_what_cannot_be_read_is_in_the_report_and_makes_the_exit_code(
    gate: Gatehouse, index: Upstream, tmp_path: Path
) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("flask ~~ 3\n")
    done = gate.cli("check", "-r", str(path), "--format", "sarif")
    assert done.returncode == 2
    (invocation,) = json.loads(done.stdout)["runs"][0]["invocations"]
    assert f"{path}:1: This line is not a name" in invocation["toolExecutionNotifications"][0]["message"]["text"]
