"""Look-alike names at the command line, and another list of popular names on a running gate."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.upstream import Upstream


def check(*words: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``wicketgate names check``."""
    command = [sys.executable, "-m", "proxy.cli", "names", "check", *words]
    return subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT, check=False)


def test_names_are_checked_in_order_one_object_a_line() -> None:
    asked = ["reqeusts", "requests", "", "djnago", "numpy", "f\u0430stapi", "x" * 5000]
    done = check("--json", "-", lines="".join(f"{name}\n" for name in asked))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [set(answer) for answer in answers] == [{"name", "suspicious", "level", "target", "score", "mechanism"}] * 7
    assert [answer["target"] for answer in answers[:2]] == ["requests", None]
    assert [answer["suspicious"] for answer in answers] == [True, False, False, True, False, True, False]
    assert answers[0]["mechanism"] == "transposition"


def test_a_pipeline_fails_on_a_look_alike_and_reads_why() -> None:
    done = check("reqeusts", "requests")
    assert done.returncode == 1
    assert "reqeusts looks like requests" in done.stdout
    assert check("requests").returncode == 0


def test_another_list_may_be_given(tmp_path: Path) -> None:
    popular = tmp_path / "popular.csv"
    popular.write_text("rank,project,downloads\n1,wicketgate,100\n")
    assert check("--popular", str(popular), "wicketgaet").returncode == 1
    assert check("--popular", str(popular), "reqeusts").returncode == 0


def test_an_updated_list_is_in_force_and_in_the_audit(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    rows = "".join(f"{rank},some-project-{rank},1\n" for rank in range(2, 150))
    popular = tmp_path / "popular.csv"
    popular.write_text(f"rank,project,downloads\n1,wicketgate,100\n{rows}")
    assert gate.facts("names", "update", str(popular))["detail"]["count"] == 149
    for _ in range(2):  # at once, and after a restart
        deadline = time.monotonic() + 20
        while "look-alike" not in gate.get("/explain/wicketgaet", accept="application/json").text:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        gate.stop()
        gate.restart()
    assert [event["tag"] for event in gate.facts("audit", "list", "--tag", "feed:names:updated")["events"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("rank,name\n1,x\n", "no column 'project'"),
        ("rank,project,downloads\n1,flask,1\n", "would protect nobody"),
        ("rank,project,downloads\n1,fl ask,1\n2,-x-,1\n", "line 2"),
    ],
)
def test_a_bad_list_is_refused_with_every_fault(gate: Gatehouse, tmp_path: Path, content: str, said: str) -> None:
    popular = tmp_path / "popular.csv"
    popular.write_text(content)
    refused = gate.cli("names", "update", str(popular))
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


def test_what_is_no_name_is_told_which_name_it_imitates(gate: Gatehouse) -> None:
    answer = gate.get("/explain/f%D0%B0stapi")
    assert answer.status_code == 404
    assert "Did you mean fastapi?" in answer.text
