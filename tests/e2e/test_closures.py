"""What a requirement needs, on a running gate: found, watched, cancelled, shown as a tree, approved in part."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients import Bench
from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.upstream import Answer, Upstream

CLOSURES = "/approvals/closures"


@pytest.fixture
def web_framework(index: Upstream) -> None:
    """A project whose needs differ by Python."""
    index.release("flask", "3.0.0", ["werkzeug>=3", "click>=8", "tomli; python_version < '3.12'"])
    index.release("werkzeug", "3.0.0", ["markupsafe"])
    for name in ("click", "markupsafe", "tomli"):
        index.release(name, "8.1.0")


@pytest.fixture
def desk(gate: Gatehouse) -> Iterator[httpx.Client]:
    """A browser that is signed in."""
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        desk.post("/sign-in", data={"token": gate.token})
        yield desk


def until(happened: Callable[[], Any]) -> Any:
    """Wait for something, and return it."""
    deadline = time.monotonic() + 60
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


def ended(gate: Gatehouse, identity: str) -> Any:
    """A resolution, once it has ended."""
    return until(
        lambda: job if (job := gate.admin("GET", f"{CLOSURES}/{identity}").json())["state"] != "running" else 0
    )


def running_uv(gate: Gatehouse) -> list[int]:
    """The children of the gate's process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(words[1]) == gate.process_id and words[0] != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.usefixtures("web_framework")
def test_a_tree_for_several_pythons_approved_in_part_and_then_as_one(gate: Gatehouse, bench: Bench) -> None:
    gate.approve("click")
    words = ["approve", "flask", "--with-dependencies", "--reason", "x", "--python", "3.11", "--python", "3.13"]
    shown = gate.cli(*words, "--platform", "linux", "--dry-run")
    assert shown.stdout.splitlines() == [
        "flask 3.0.0: new",
        "  click 8.1.0: was approved",
        "  tomli 8.1.0 for 3.11 linux: new",
        "  werkzeug 3.0.0: new",
        "    markupsafe 8.1.0: new",
        shown.stdout.splitlines()[-1],
    ]
    assert "This would approve 4 of 5 releases" in shown.stdout
    assert "looked at" in shown.stderr, "progress stands on standard error"
    some = gate.facts(*words, "--only", "werkzeug", "--only", "markupsafe")
    states = {node["project"]: node["state"] for node in some["closure"]}
    assert states == {
        "flask": "new", "click": "served", "tomli": "new", "werkzeug": "granted", "markupsafe": "granted"
    }  # fmt: skip
    (top,) = some["tree"]
    assert [(node["project"], [n["project"] for n in node["needs"]]) for node in top["needs"]] == [
        ("click", []),
        ("tomli", []),
        ("werkzeug", ["markupsafe"]),
    ]
    assert bench.pip("26.3", gate.index, "flask").code != 0
    rest = gate.facts(*words, "--except", "tomli")
    assert {node["project"] for node in rest["closure"] if node["state"] == "granted"} == {"flask"}
    unknown = gate.cli(*words, "--only", "numpy")
    assert (unknown.returncode, "nothing to approve of numpy" in unknown.stderr) == (2, True)
    gate.facts(*words)
    done = bench.pip("26.3", gate.index, "flask")
    assert done.code == 0, done.output
    again = gate.facts(*words)
    assert {node["state"] for node in again["closure"]} == {"served"}
    granted = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert [event["project"] for event in granted] == ["tomli", "flask", "markupsafe werkzeug", "click"]


def test_what_an_emergency_or_observe_mode_serves_is_missing_all_the_same(gate: Gatehouse, index: Upstream) -> None:
    index.release("parent", "1.0", ["click", "reqeusts"])
    for name in ("click", "reqeusts"):
        index.release(name, "8.1.0")
    gate.facts("break-glass", "click", "--reason", "production is down")
    gate.facts("terms", "--mode", "observe", "--reason", "a gentle first week")
    words = ["approve", "parent", "--with-dependencies", "--reason", "x"]
    assert "--acknowledge look-alike:requests" in gate.cli(*words).stderr
    granted = gate.facts(*words, "--acknowledge", "look-alike:requests")
    assert {node["project"]: node["state"] for node in granted["closure"]} == {
        "parent": "granted", "click": "granted", "reqeusts": "granted"
    }  # fmt: skip


def test_a_resolution_is_watched_and_cancelled_by_its_own_actor_alone(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0", ["slow"])
    index.misbehave("/simple/slow/", Answer(delay=45))
    started = gate.admin("POST", CLOSURES, json={"requirement": "flask", "reason": "x"})
    assert started.status_code == 202
    path = f"{CLOSURES}/{started.json()['id']}"
    job = until(lambda: found if (found := gate.admin("GET", path).json())["looked_at"] == 2 else None)
    assert (job["state"], job["latest"], job["closure"]) == ("running", "slow", [])
    assert "nothing to approve yet" in gate.admin("POST", f"{path}/approve", json={}).json()["detail"]
    other = {"authorization": f"Bearer {gate.facts('token', 'issue', 'grace', '--role', 'approver')['secret']}"}
    for method in ("GET", "DELETE"):
        refused = gate.admin(method, path, headers=other)
        assert (refused.status_code, "You have no resolution" in refused.text) == (404, True)
    asking = [Path(f"/proc/{number}") for number in running_uv(gate)]
    assert any(b"/preview/" in (process / "environ").read_bytes() for process in asking)
    said = [(process / "cmdline").read_bytes() for process in asking]
    assert not any(b"/preview/" in words for words in said), "every user of the host may read that, and then the index"
    assert gate.admin("DELETE", path).json()["state"] == "cancelled"
    assert not running_uv(gate)


def test_ctrl_c_at_the_terminal_cancels_on_the_server(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0", ["slow"])
    index.misbehave("/simple/slow/", Answer(delay=45))
    # A shell has what it runs in the background ignore Ctrl-C, and whatever that starts.
    heard = "from signal import *; signal(SIGINT, default_int_handler); from proxy.cli import main; main()"
    command = [sys.executable, "-c", heard, "approve", "flask", "--with-dependencies", "--reason", "x"]
    environment = {"WICKETGATE_DATA_DIR": str(gate.data_dir), "PYTHONPATH": str(ROOT), "HOME": str(gate.data_dir)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as terminal:
        until(lambda: index.asked("/simple/slow/"))
        terminal.send_signal(signal.SIGINT)
        _, said = terminal.communicate(timeout=60)
    assert (terminal.returncode, "Cancelled. Nothing was approved." in said) == (2, True), said
    assert not running_uv(gate)
    assert gate.stop() == 0


def test_a_look_alike_among_the_dependencies_stops_with_the_name_that_was_meant(
    gate: Gatehouse, index: Upstream, desk: httpx.Client
) -> None:
    index.release("parent", "2.0", ["reqeusts<3"])
    index.release("reqeusts", "1.0")
    words = ["approve", "parent", "--with-dependencies", "--reason", "x"]
    refused = gate.cli(*words)
    assert refused.returncode == 2
    assert "reqeusts looks like requests" in refused.stderr
    assert "--acknowledge look-alike:requests" in refused.stderr
    form = {"requirement": "parent", "reason": "x", "do": "closure"}
    page = desk.post("/approve", data=form).headers["location"].removeprefix("/admin")
    until(lambda: "I looked: this name is meant (look-alike:requests)" in desk.get(page).text)
    index.release("parent", "1.0")
    gate.cli("approve", "parent", "--reason", "refresh the page", "--dry-run")
    passed = gate.facts(*words, "--dry-run")
    assert [node["version"] for node in passed["closure"]] == ["1.0"]
    assert [finding["evidence"]["target"] for finding in passed["passed_over"]] == ["requests"]
    meant = gate.facts(*words, "--acknowledge", "look-alike:requests")
    assert {node["project"]: node["state"] for node in meant["closure"]} == {"parent": "granted", "reqeusts": "granted"}


@pytest.mark.usefixtures("web_framework")
def test_the_page_shows_progress_then_the_tree_and_approves_what_is_ticked(
    gate: Gatehouse, index: Upstream, desk: httpx.Client, bench: Bench
) -> None:
    release = index.files["werkzeug"]
    held = {"slow": True}
    index.misbehave("/simple/werkzeug/", lambda _asked: Answer(503, delay=1) if held["slow"] else None)
    form = {"requirement": "flask", "reason": "the web team", "pythons": "3.11", "do": "closure"}
    page = desk.post("/approve", data=form).headers["location"].removeprefix("/admin")
    running = desk.get(page).text
    assert '<meta http-equiv="refresh"' in running
    assert "<script>" not in running
    desk.post(page, data={"do": "cancel"})
    assert "This was cancelled" in desk.get(page).text
    held["slow"] = False
    page = desk.post("/approve", data=form).headers["location"].removeprefix("/admin")
    text = until(lambda: found if "refresh" not in (found := desk.get(page).text) else "")
    assert text.index("flask 3.0.0") < text.index("werkzeug 3.0.0") < text.index("markupsafe 8.1.0")
    assert f'href="/admin/projects/werkzeug?version={release[0].version}"' in text
    assert 'href="/admin/approve?requirement=click%3D%3D8.1.0&amp;channel="' in text
    revision = text.partition('name="revision" value="')[2].partition('"')[0]
    ticked = {"do": "approve", "revision": revision, "only": ["flask", "werkzeug"]}
    assert desk.post(page, data={"do": "approve", "revision": revision}).status_code == 422
    gate.facts("prohibit", "left-pad", "--reason", "somebody else changes the policy")
    conflict = desk.post(page, data=ticked)
    assert (conflict.status_code, "The policy changed" in conflict.text) == (422, True)
    revision = conflict.text.partition('name="revision" value="')[2].partition('"')[0]
    assert desk.post(page, data={**ticked, "revision": revision}).status_code == 303
    assert bench.pip("26.3", gate.index, "flask").code != 0, "the rest of it is still missing"
    text = desk.get(page).text
    revision = text.partition('name="revision" value="')[2].partition('"')[0]
    rest = {"do": "approve", "revision": revision, "only": ["click", "markupsafe", "tomli"]}
    assert desk.post(page, data=rest).status_code == 303
    assert "All of it is served" in desk.get(page).text
    done = bench.pip("26.3", gate.index, "flask")
    assert done.code == 0, done.output
