"""Look-alike names wherever a name enters a running gate, and another list of popular names."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.upstream import Upstream


@pytest.fixture(scope="module")
def feeding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    """A gate for lists that change nothing."""
    with Upstream() as upstream:
        made = Gatehouse(tmp_path_factory.mktemp("feeding") / "gate", upstream.url).start()
        yield made
        made.stop()


def check(*words: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``wicketgate names check``."""
    command = [sys.executable, "-m", "proxy.cli", "names", "check", *words]
    return subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT, check=False)


def test_names_are_checked_in_order_one_object_a_line() -> None:
    asked = ["reqeusts", "requests", "", "djnago", "numpy", "f\u0430stapi", "x" * 5000, "x" * 100]
    done = check("--json", "-", lines="".join(f"{name}\n" for name in asked))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["name"] for answer in answers] == asked
    assert [set(answer) for answer in answers] == [{"name", "suspicious", "level", "target", "score", "mechanism"}] * 8
    assert [answer["target"] for answer in answers[:2]] == ["requests", None]
    assert [answer["suspicious"] for answer in answers] == [True, False, True, True, False, True, True, False]
    assert answers[0]["mechanism"] == "transposition"
    assert (answers[5]["mechanism"], answers[5]["target"]) == ("malformed", "fastapi")


def test_an_answer_comes_before_the_next_name_is_asked() -> None:
    command = [sys.executable, "-m", "proxy.cli", "names", "check", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdin
        assert run.stdout
        for asked in (b"reqeusts", b"\xff\xfe", b"numpy"):
            run.stdin.write(asked + b"\n")
            run.stdin.flush()
            assert json.loads(run.stdout.readline())["name"] == asked.decode("utf-8", "replace")
        run.stdin.close()
        assert run.wait(30) == 0


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


def test_bad_lines_of_another_list_are_told_and_left_out(tmp_path: Path) -> None:
    popular = tmp_path / "popular.csv"
    popular.write_text("rank,project,downloads\n1,wicketgate,100\n2,@scope/x,50\n3,wicketgate,9\n")
    done = check("--popular", str(popular), "wicketgaet")
    assert done.returncode == 1
    assert "line 3: '@scope/x' is not the name of a project" in done.stderr
    assert "line 4: wicketgate stands on line 2 already; it is left out" in done.stderr
    popular.write_bytes(b"rank,project\n1,\xff\n")
    assert check("--popular", str(popular), "x").returncode == 2


def test_an_updated_list_is_in_force_and_in_the_audit(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    rows = "".join(f"{rank},some-project-{rank},1\n" for rank in range(2, 150))
    popular = tmp_path / "popular.csv"
    popular.write_text(f"rank,project,downloads\n1,wicketgate,100\n{rows}")
    assert "look-alike" not in gate.get("/explain/wicketgaet", accept="application/json").text
    assert gate.facts("names", "update", str(popular))["detail"]["count"] == 149
    for _ in range(2):  # at once, and after a restart
        assert "look-alike" in gate.get("/explain/wicketgaet", accept="application/json").text
        gate.stop()
        gate.restart()
    assert [event["tag"] for event in gate.facts("audit", "list", "--tag", "feed:names:updated")["events"]]


def test_a_list_that_is_not_what_was_taken_gives_way_to_the_one_that_ships(gate: Gatehouse, tmp_path: Path) -> None:
    popular = tmp_path / "popular.csv"
    popular.write_text("rank,project\n" + "".join(f"{rank},some-project-{rank}\n" for rank in range(1, 150)))
    taken = gate.facts("names", "update", str(popular))["detail"]["sha256"]
    assert "look-alike" not in gate.get("/explain/reqeusts", accept="application/json").text
    file = gate.data_dir / f"names-{taken}.csv"
    for spoil in (lambda: file.write_text("rank,project\n1,evil\n"), file.unlink):
        gate.stop()
        spoil()
        gate.restart()
        assert "look-alike" in gate.get("/explain/reqeusts", accept="application/json").text
        until(lambda: any(file.name in warning for warning in gate.get("/readyz").json()["warnings"]))
    until(lambda: gate.facts("audit", "list", "--tag", "feed:names:damaged")["events"])
    (alert,) = gate.facts("audit", "list", "--tag", "feed:names:damaged")["events"]
    assert (alert["detail"]["sha256"], file.name in alert["reason"]) == (taken, True), "told once"
    gate.facts("names", "update", str(popular))
    assert "look-alike" not in gate.get("/explain/reqeusts", accept="application/json").text
    until(lambda: not any(file.name in warning for warning in gate.get("/readyz").json()["warnings"]))


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("rank,name\n1,x\n", "no column 'project'"),
        ("rank,project,downloads\n1,flask,1\n", "would protect nobody"),
        ("rank,project,downloads\n1,fl ask,1\n2,-x-,1\n", "line 2: 'fl ask' is not"),
        ("rank,project,downloads\n1,fl ask,1\n2,-x-,1\n", "line 3: '-x-' is not"),
        ("rank,project,downloads\n1,flask,1\n2,Flask,1\n", "line 3: flask stands on line 2 already"),
        ("rank,project,downloads\n2,flask,1\n1,click,1\n", "line 3: the rank '1' does not come after 2"),
        ("rank,project,downloads\nfirst,flask,1\n", "line 2: the rank is no number"),
        ("rank,project,downloads\n" + "1,,1\n" * 60, "and 10 more"),
        ("rank,project,downloads\n" + f'1,"{"x" * 200_000}",1\n', "field larger"),
        ("rank,project,downloads\n", "it is empty"),
    ],
)
def test_a_bad_list_is_refused_with_every_fault(feeding: Gatehouse, tmp_path: Path, content: str, said: str) -> None:
    popular = tmp_path / "popular.csv"
    popular.write_text(content)
    refused = feeding.cli("names", "update", str(popular))
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
    assert not feeding.facts("audit", "list", "--tag", "feed:names:updated")["events"]
    assert not list(feeding.data_dir.glob("names-*"))


def test_what_is_no_name_is_refused_at_every_door_with_the_name_it_imitates(gate: Gatehouse, tmp_path: Path) -> None:
    question = "Did you mean fastapi?"
    for path in ("/explain/f%D0%B0stapi", "/simple/f%D0%B0stapi/"):
        answer = gate.get(path)
        assert (answer.status_code, question in answer.text) == (404, True)
    wanted = [{"name": "f\u0430stapi", "specifier": ""}, {"name": "\u65e5\u672c"}]
    first, second = gate.post("/check", json=wanted).json()["results"]
    assert (first["verdict"], second["verdict"]) == ("refused", "refused")
    assert (first["reasons"][0]["code"], question in first["reasons"][0]["sentence"]) == ("malformed-name", True)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("f\u0430stapi>=0.100\n")
    checked = gate.cli("check", "-r", str(requirements))
    assert (checked.returncode, question in checked.stdout) == (2, True), checked.stdout
    for words in (("approve", "f\u0430stapi>=1"), ("prohibit", "f\u0430stapi")):
        refused = gate.cli(*words, "--reason", "x")
        assert (refused.returncode, question in refused.stderr) == (2, True), refused.stderr
    asked = gate.post("/explain/f%D0%B0stapi/request", data={"why": "x"})
    assert (asked.status_code, question in asked.text) == (404, True)


def test_a_weak_resemblance_is_told_wherever_a_developer_looks(gate: Gatehouse, index: Upstream) -> None:
    index.release("typingextensions", "1.0")
    said = gate.cli("explain", "typingextensions").stdout
    assert "[look-alike] typingextensions looks like typing-extensions (only the separators differ)." in said
    assert "Did you mean typing-extensions?" in " ".join(gate.cli("check", "typingextensions").stdout.split())
    assert "/refused/typingextensions_is_not_approved._Did_you_mean_typing-extensions" in page(gate, "typingextensions")
    approved = gate.approve("typingextensions")
    assert approved["opened"], "a warning needs no acknowledgement"
    assert "look-alike" in gate.cli("explain", "typingextensions").stdout


def test_a_requirement_that_looks_alike_is_told_before_anything_is_asked(gate: Gatehouse, index: Upstream) -> None:
    (answer,) = gate.post("/check", json=[{"name": "reqeusts", "specifier": ">=2"}]).json()["results"]
    assert (answer["verdict"], answer["reasons"][0]["code"]) == ("refused", "look-alike")
    assert answer["reasons"][0]["evidence"]["target"] == "requests"
    assert not index.asked("reqeusts")


@pytest.mark.parametrize("options", [(), ("--with-dependencies",)])
def test_what_needs_a_look_alike_is_approved_only_by_the_name_it_resembles(
    gate: Gatehouse, index: Upstream, options: tuple[str, ...]
) -> None:
    index.release("parent", "1.0", ["reqeusts>=1"])
    index.release("reqeusts", "1.0")
    refused = gate.cli("approve", "parent", "--reason", "x", *options)
    assert refused.returncode == 2
    assert "needs reqeusts, and reqeusts looks like requests (two letters are swapped)." in refused.stderr
    assert "--acknowledge look-alike:requests" in refused.stderr
    assert not gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    (fault,) = by_document(gate, "parent")
    assert fault.startswith("line 3: approvals[0]: parent-1.0-py3-none-any.whl needs reqeusts, and reqeusts looks like")
    assert fault.endswith('If you mean it: acknowledged = ["look-alike:requests"]')
    gate.approve("parent", *options, "--acknowledge", "look-alike:requests")
    (met,) = gate.facts("names", "acknowledged")
    assert (met["project"], met["target"], met["by"]) == ("reqeusts", "requests", "first run")


def test_a_dependency_that_only_passes_for_a_name_stops_the_approval(gate: Gatehouse, index: Upstream) -> None:
    index.release("parent", "1.0", ["r\u0435quests>=2"])
    refused = gate.cli("approve", "parent", "--reason", "x")
    assert refused.returncode == 2
    assert "Did you mean requests?" in refused.stderr


def test_what_was_acknowledged_once_stays_so_until_it_is_withdrawn(gate: Gatehouse, index: Upstream) -> None:
    index.release("reqeusts", "1.0")
    assert gate.cli("names", "withdraw", "reqeusts", "--reason", "x").returncode == 2
    gate.approve("reqeusts", "--acknowledge", "look-alike:requests")
    gate.facts("revoke", "reqeusts", "--reason", "not needed now")
    assert (
        "reqeusts looks like requests (two letters are swapped). Acknowledged by first run."
        in gate.cli("explain", "reqeusts").stdout
    )
    gate.stop()
    gate.restart()
    assert gate.approve("reqeusts")["opened"], "nobody is asked twice"
    gate.facts("revoke", "reqeusts", "--reason", "not needed now")
    gate.facts("names", "withdraw", "reqeusts", "--reason", "it was a mistake")
    assert gate.cli("approve", "reqeusts", "--reason", "x").returncode == 2
    assert gate.facts("names", "acknowledged") == []
    (event,) = gate.facts("audit", "list", "--tag", "project:look-alike:withdrawn")["events"]
    assert (event["project"], event["reason"]) == ("reqeusts", "it was a mistake")


def test_an_approved_name_is_protected_from_the_next_approval(gate: Gatehouse, index: Upstream) -> None:
    for name in ("corp-billing-engine", "corp-biling-engine"):
        index.release(name, "1.0")
    gate.approve("corp-billing-engine")
    refused = gate.cli("approve", "corp-biling-engine", "--reason", "x")
    assert "--acknowledge look-alike:corp-billing-engine" in refused.stderr
    document = (
        'format = 1\nfragment = true\n[[approvals]]\nproject = "corp-biling-engine"\nspecifier = ""\nreason = "x"'
    )
    by_document = gate.admin("POST", "/policy/apply", json={"document": document, "reason": "x"})
    assert "look-alike:corp-billing-engine" in by_document.json()["errors"][0]["what"], by_document.text
    assert gate.approve("corp-biling-engine", "--acknowledge", "look-alike:corp-billing-engine")["opened"]
    assert gate.approve("corp-billing-engine==1.0")["opened"], "the one that was first is none"


def by_document(gate: Gatehouse, project: str) -> list[str]:
    """The faults of a document that approves a project: it is no way round."""
    text = f'format = 1\nfragment = true\n[[approvals]]\nproject = "{project}"\nspecifier = ""\nreason = "x"\n'
    answer = gate.admin("POST", "/policy/apply", json={"document": text, "reason": "x"})
    assert answer.status_code == 422, answer.text
    return [fault["what"] for fault in answer.json()["errors"]]


def page(gate: Gatehouse, project: str) -> str:
    """A project's page as HTML."""
    return gate.get(f"/simple/{project}/", accept="text/html").text
