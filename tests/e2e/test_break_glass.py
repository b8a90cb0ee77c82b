"""Break-glass on a running gate, with a real pip: opened by one, ended by time, looked at by another."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx

from proxy.model import Actor, Approval, Change
from proxy.store.sqlite import SqliteStore
from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.person import Person
from tests.world.upstream import Answer, Upstream, now

SYSTEM = Actor("system", "system", "a test", "system")


def break_glass(gate: Gatehouse, requirement: str, *options: str) -> Any:
    """Open an emergency for a test."""
    return gate.facts("break-glass", requirement, "--reason", "production is down", *options)


def colleague(gate: Gatehouse) -> dict[str, str]:
    """The environment of a command line with another token."""
    return {"WICKETGATE_TOKEN": gate.facts("token", "issue", "grace", "--role", "approver")["secret"]}


def let_time_pass(gate: Gatehouse) -> None:
    """Bring the end of every approval that has one to a moment from now, as if the hours had gone by."""
    store = SqliteStore(gate.data_dir)
    found = [entry for entry in store.entries("approval") if isinstance(entry, Approval) and entry.until]
    puts = tuple(replace(approval, until=now() + timedelta(seconds=1)) for approval in found)
    store.commit(Change("test:time:passed", "", "hours go by", puts=puts), SYSTEM, now())
    store.close()
    until(lambda: not any(line["open"] for line in gate.admin("GET", "/emergencies").json()))


def until(happened: Callable[[], bool]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_refused_opened_installed_ended_by_time_and_refused_again(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    index.release("flask", "3.1.0", days=1)
    assert "/refused/flask_is_not_approved" in bench.pip("26.3", gate.index, "flask").output
    gate.advisory("PYSEC-2026-1", "flask", versions=["3.1.0"])
    index.release("six", "1.0")
    tomorrow = f"{now() + timedelta(days=1):%Y-%m-%d}"
    gate.approve("six", "--until", tomorrow, "--ticket", "SEC-7")
    opened = break_glass(gate, "flask", "--hours", "4")
    assert opened["opened"] == ["flask-3.1.0-py3-none-any.whl"], "neither its age nor the advisory stands in the way"
    assert "Opened in an emergency by first run" in gate.cli("check", "flask==3.1.0").stdout, "reports say so"
    done = bench.pip("26.3", gate.index, "flask", "six")
    assert done.code == 0, done.output
    let_time_pass(gate)
    ended = [
        bench.pip("26.3", gate.index, "--force-reinstall", "six"), bench.uv(gate.index, "--reinstall", "six")
    ]  # fmt: skip
    assert all(one.code != 0 and "The_approval_of_six_has_ended" in one.output for one in ended), ended
    again = bench.pip("26.3", gate.index, "--force-reinstall", "flask")
    assert again.code != 0
    assert "/refused/flask_3.1.0_has_a_known_vulnerability_PYSEC-2026-1" in again.output
    records = gate.facts("audit", "decisions", "--what", "file", "--verdict", "allowed")["decisions"]
    assert {(record["project"], *record["codes"]) for record in records} == {
        ("flask", "emergency"), ("six", "approved")
    }  # fmt: skip
    (granted,) = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    (said,) = granted["detail"]["approvals"]
    assert (said["until"][:10], said["ticket"]) == (tomorrow, "SEC-7")
    break_glass(gate, "flask")
    gate.advisory("MAL-2026-8", "flask", versions=["3.1.0"])
    malware = bench.pip("26.3", gate.index, "--force-reinstall", "flask")
    assert "/refused/flask_3.1.0_is_reported_as_malware_MAL-2026-8" in malware.output, "malware closes what is open"
    assert gate.facts("audit", "verify")["intact"]


def test_it_is_loud_until_somebody_else_has_reviewed_it(make_gate: MakeGate, index: Upstream) -> None:
    index.misbehave("/hook", Answer(200))
    gate = make_gate("--alert-url", index.url.replace("http://", "json://").replace("/simple/", "/hook"))
    index.release("flask", "3.1.0")
    identity = break_glass(gate, "flask")["id"]
    until(lambda: bool(index.asked("/hook")))
    said = "The emergency for flask is open until"
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        assert said not in desk.get("/sign-in").text, "strangers are told nothing on the admin's pages"
        desk.post("/sign-in", data={"token": gate.token})
        for page in ("/", "/approve", "/audit", "/emergencies"):
            assert said in desk.get(page).text, page
        ready = gate.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["emergencies"][0].startswith(said)
        assert "Emergencies that nobody has reviewed:" in gate.cli("inbox").stdout
        mine = desk.post("/emergencies", data={"do": "review", "id": identity, "text": "fine by me"})
        assert (mine.status_code, "somebody else reviews it" in mine.text) == (422, True)
        let_time_pass(gate)
        assert "The emergency for flask ended" in desk.get("/").text, "it waits on after its end"
        review = ["break-glass", "review", identity, "--finding", "it was right"]
        refused = gate.cli(*review, **colleague(gate))
        assert "somebody else reviews it" in refused.stderr, "a token that its opener issued is the same person"
        with Person(gate, "alan", "auditor") as alan:
            reviewed = gate.cli(*review, **alan.comes().token())
        assert reviewed.returncode == 0, reviewed.stderr
        assert "The emergency for" not in desk.get("/").text
        assert "it was right" in desk.get("/emergencies").text
    assert "was reviewed already" in gate.cli(*review, **colleague(gate)).stderr
    assert gate.get("/readyz").json()["emergencies"] == []
    assert gate.facts("inbox")["emergencies"] == []
    (line,) = gate.facts("break-glass", "list")
    assert (line["open"], line["reviewed"], line["by"]) == (False, "it was right", "first run")
    tags = [event["tag"] for event in gate.facts("audit", "list")["events"]]
    assert {"project:emergency:opened", "project:emergency:reviewed"} <= set(tags)


def test_what_is_dangerous_or_careless_stays_shut(gate: Gatehouse, index: Upstream) -> None:
    for name in ("flask", "stolen", "banned", "reqeusts", "acme-billing"):
        index.release(name, "1.0")
    gate.advisory("MAL-2026-7", "stolen", versions=["1.0"])
    gate.facts("prohibit", "banned", "--reason", "no")
    gate.facts("terms", "--internal", "acme-*", "--reason", "ours")
    for words, said in (
        (["stolen"], "is reported as malware"),
        (["banned"], "is prohibited"),
        (["acme-billing"], "is an internal name"),
        (["reqeusts"], "--acknowledge look-alike:requests"),
        (["flask", "--hours", "73"], "72"),
        (["flask>9"], "No file of flask matches >9"),
        (["flask", "--reason", " "], "Give a reason"),
    ):
        done = gate.cli("break-glass", "--reason", "production is down", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    for hours in ("NaN", "0", "1e9"):
        body = json.dumps({"requirement": "flask", "reason": "x", "hours": 1}).replace("1}", f"{hours}}}")
        headers = {"content-type": "application/json"}
        assert gate.admin("POST", "/emergencies", content=body, headers=headers).status_code == 422
    assert gate.facts("break-glass", "list") == []
    assert break_glass(gate, "reqeusts", "--acknowledge", "look-alike:requests")["opened"]


def test_ended_early_or_revoked_it_is_shut_and_still_waits_for_its_review(gate: Gatehouse, index: Upstream) -> None:
    files = {name: index.release(name, "3.1.0") for name in ("flask", "click", "six")}
    gate.facts("channels", "open", "research", "--reason", "x")
    ids = [break_glass(gate, name)["id"] for name in ("flask", "click")]
    ids.append(break_glass(gate, "six", "--channel", "research")["id"])
    gate.facts("break-glass", "end", ids[0], "--reason", "done")
    gate.facts("revoke", "click==3.1.0", "--reason", "done")
    assert [gate.get(f"/files{files[name].path}").status_code for name in ("flask", "click", "six")] == [403] * 3
    assert gate.get(f"/research/files{files['six'].path}").status_code == 200
    assert [line["id"] for line in gate.facts("inbox")["emergencies"]] == ids[::-1]
    for words, said in (
        (["break-glass", "end", ids[0]], "has ended already"),
        (["break-glass", "end", "emergency:none"], "There is no emergency"),
        (["revoke", "click"], "Nothing of click is approved"),
        (["channels", "close", "research"], "before its emergencies are reviewed"),
    ):
        done = gate.cli(*words, "--reason", "x")
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    document = str(gate.admin("GET", "/policy/document").json()["document"])
    channel = document[document.index("[[channels]]") : document.index("[[origins]]")]
    closing = document.replace(channel, "").replace("approvals = []", "approvals = []\nchannels = []")
    refused = gate.admin("POST", "/policy/apply", json={"document": closing, "reason": "x"})
    assert (refused.status_code, "before its emergencies are reviewed" in refused.text) == (422, True), refused.text
