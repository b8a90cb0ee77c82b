"""The command line on a running gate: what it prints, what it exits with, what it refuses."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Command, Context, Group, Option

from proxy.cli import COMMANDS, main
from tests.conftest import MakeGate
from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.upstream import Upstream


def test_serve_prints_what_a_person_needs(make_gate: MakeGate, index: Upstream) -> None:
    gate = make_gate(fresh=True)
    said = gate.output()
    for wanted in (
        f"--index-url {gate.url}/simple/",
        f"{gate.url}/admin/",
        gate.token,
        index.url.rstrip("/"),
        "from --upstream",
    ):
        assert wanted in said
    kept = gate.data_dir / "admin-token"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(gate.data_dir.stat().st_mode) == 0o700
    gate.stop()
    gate.restart()
    assert gate.output().count(gate.token) == 1, "the token is shown once"


def test_the_age_of_the_shipped_advisories_is_said_loudly(make_gate: MakeGate, index: Upstream) -> None:
    gate = make_gate("--advisories", "")
    assert "STALE: 8895 records" in gate.output()
    status = gate.facts("advisories", "status")
    assert status["records"] > 8000
    assert status["age_hours"] > 72


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_gate_within_seconds(make_gate: MakeGate, number: int) -> None:
    gate = make_gate(fresh=True)
    before = time.monotonic()
    assert gate.stop(number) == 0
    assert time.monotonic() - before < 10


def test_every_fault_of_the_settings_is_reported_at_once_with_a_next_step(gate: Gatehouse) -> None:
    done = gate.cli(
        "serve", "--port", "zero", "--upstream", "ftp://x", "--index-ttl", "-1", "--advisories", "nowhere.zip"
    )
    assert done.returncode == 2
    for option in ("--port", "--upstream", "--index-ttl", "--advisories"):
        assert f"{option} (WICKETGATE_{option[2:].replace('-', '_').upper()})" in done.stderr
    assert done.stderr.count("Say ") == 4


def test_a_taken_address_is_said_in_words(gate: Gatehouse, tmp_path: Path, index: Upstream) -> None:
    done = gate.cli("serve", "--port", str(gate.port), "--upstream", index.url, "--data-dir", str(tmp_path / "other"))
    assert done.returncode == 2
    assert "Say another --port" in done.stderr


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}/simple/", "http://localhost:{port}", "http://user:pw@127.0.0.1:{port}/simple"]
)
def test_a_gate_refuses_to_stand_in_front_of_itself(gate: Gatehouse, tmp_path: Path, address: str) -> None:
    url = address.format(port=9999)
    done = gate.cli("serve", "--port", "9999", "--upstream", url, "--data-dir", str(tmp_path / "other"))
    assert done.returncode == 2
    assert "is this gate itself" in done.stderr
    assert "pw" not in done.stderr
    by_pip = gate.cli("serve", "--port", "9999", "--data-dir", str(tmp_path / "other"), PIP_INDEX_URL=url)
    assert "The upstream (PIP_INDEX_URL) is this gate itself" in by_pip.stderr


def test_the_upstream_is_what_pip_on_the_machine_uses(tmp_path: Path, index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--upstream", "", PIP_INDEX_URL=index.url)
    assert "(from PIP_INDEX_URL; " in gate.output()
    configured = tmp_path / "pip.conf"
    configured.write_text(f"[global]\nindex-url = {index.url}\n")
    gate = make_gate("--upstream", "", name="second", PIP_CONFIG_FILE=str(configured))
    assert "(from pip's configuration; " in gate.output()


def test_explain_says_why_and_exits_with_the_answer(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0", days=1)
    refused = gate.cli("explain", "flask")
    assert refused.returncode == 1
    assert "[not-approved] flask is not approved." in refused.stdout
    gate.approve("flask")
    allowed = gate.cli("explain", "flask")
    assert allowed.returncode == 0
    assert "Allowed versions: 3.0.0" in allowed.stdout
    young = gate.facts("explain", "flask==3.1.0")
    assert young["reasons"][0]["code"] == "too-new"


def test_an_approval_shows_what_is_still_withheld_and_what_may_be_overruled(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.1.0", days=1)
    said = gate.cli("approve", "flask", "--reason", "x").stdout
    assert "Still withheld (1 files):" in said
    assert "--acknowledge too-new" in said
    released = gate.approve("flask", "--acknowledge", "too-new")
    assert released["opened"] == ["flask-3.1.0-py3-none-any.whl"]
    (granted, *_) = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert granted["detail"]["approvals"][0]["acknowledged"] == ["too-new"]


def test_a_look_alike_is_approved_only_by_the_name_it_resembles(gate: Gatehouse, index: Upstream) -> None:
    index.release("reqeusts", "1.0")
    refused = gate.cli("approve", "reqeusts", "--reason", "x")
    assert refused.returncode == 2
    assert "--acknowledge look-alike:requests" in refused.stderr
    assert gate.cli("approve", "reqeusts", "--reason", "x", "--acknowledge", "look-alike:numpy").returncode == 2
    assert gate.approve("reqeusts", "--acknowledge", "look-alike:requests")["opened"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["approve", "flask>=", "--reason", "x"], "is not a requirement"),
        (["approve", "flask @ https://files.example/x.whl", "--reason", "x"], "without URL"),
        (["approve", "flask", "--reason", " "], "Give a reason"),
        (["approve", "flask", "--reason", "x", "--acknowledge", "malware"], "cannot be overruled"),
        (["approve", "nothing-there", "--reason", "x"], "has no project nothing-there"),
        (["approve", "flask>9", "--reason", "x"], "No file of flask matches >9"),
        (["revoke", "flask", "--reason", "x"], "Nothing of flask is approved"),
        (["prohibit", "flask", "--lift", "--reason", "x"], "is not prohibited"),
        (["decline", "flask", "--reason", "x"], "Nobody waits for flask"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    gate: Gatehouse, index: Upstream, words: list[str], said: str
) -> None:
    index.release("flask", "3.0.0")
    before = gate.admin("GET", "/terms").json()["revision"]
    done = gate.cli(*words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    granted = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert not granted
    assert gate.admin("GET", "/terms").json()["revision"] in {before, before + 1}, "an origin may have been learnt"


def test_revoke_and_prohibit_are_in_force_when_the_command_returns(gate: Gatehouse, index: Upstream) -> None:
    first, second = index.release("flask", "3.0.0"), index.release("flask", "3.1.0")
    gate.approve("flask")
    gate.approve("flask>=4", "--standing")
    gate.facts("revoke", "flask==3.0.0", "--reason", "old")
    assert "Prohibit it instead" in gate.cli("revoke", "flask==4.1", "--reason", "x").stderr
    assert [gate.get(f"/files{wheel.path}").status_code for wheel in (first, second)] == [403, 200]
    gate.facts("prohibit", "flask>=3.1", "--reason", "it phones home")
    refused = gate.get(f"/files{second.path}").json()
    assert "it phones home" in refused["detail"]
    gate.facts("prohibit", "flask>=3.1", "--lift", "--reason", "it does not any more")
    assert gate.get(f"/files{second.path}").status_code == 200


def test_check_judges_a_requirements_file(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    listed = index.release("flask", "3.0.0")
    index.release("requests", "2.0")
    gate.approve("flask")
    good, bad, odd = (tmp_path / name for name in ("good.txt", "bad.txt", "odd.txt"))
    good.write_text(f'# ours\nflask>=3 \\\n  --hash=sha256:{listed.sha256}  # pinned\nflask; python_version < "3"\n')
    bad.write_text("flask\nrequests==2.0\nreqeusts\n")
    odd.write_text("flask\n-e .\nx @ https://files.example/x.whl\nflask>=\n")
    assert gate.cli("check", "-r", str(good)).returncode == 0
    refused = gate.cli("check", "-r", str(bad))
    assert refused.returncode == 1
    assert "requests is not approved" in refused.stdout
    assert "Did you mean requests" in " ".join(refused.stdout.split())
    unable = gate.cli("check", "-r", str(odd))
    assert unable.returncode == 2
    assert f"goes round the gate: {odd}:3: https://files.example/x.whl" in unable.stdout
    assert f"not judged: {odd}:4" in unable.stdout
    assert "Advisory data: none" in unable.stdout


def test_a_request_lands_in_the_inbox_and_an_approval_answers_it(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    for _ in range(2):
        assert gate.cli("request", "flask>=3", "--why", "the\nbilling service").returncode == 0
    (wish,) = gate.facts("inbox")["requests"]
    assert (wish["project"], wish["specifier"], wish["why"]) == ("flask", ">=3", "the billing service")
    gate.get("/simple/flask/")
    time.sleep(0.3)
    assert gate.facts("inbox")["refused"][0]["project"] == "flask"
    gate.approve("flask")
    assert not gate.facts("inbox")["requests"]


def test_asking_is_one_click_from_the_refusal(gate: Gatehouse) -> None:
    import httpx

    answer = httpx.post(
        f"{gate.url}/explain/flask/request",
        data={"why": "x"},
        headers={"accept": "text/html"},
        trust_env=False,
        verify=False,
    )
    assert answer.status_code == 303
    foreign = {"sec-fetch-site": "cross-site"}
    assert (
        httpx.post(
            f"{gate.url}/explain/flask/request", data={}, headers=foreign, trust_env=False, verify=False
        ).status_code
        == 403
    )


def test_audit_lists_decisions_with_who_and_what(gate: Gatehouse, index: Upstream) -> None:
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    agent = 'pip/26.3 {"ci":true,"implementation":{"name":"CPython","version":"3.11.7"}}'
    gate.get(f"/files{wheel.path}", **{"user-agent": agent})
    time.sleep(0.3)
    (record,) = gate.facts("audit", "decisions", "--what", "file")["decisions"]
    assert record["agent"] == "pip/26.3 CPython/3.11.7 CI"
    assert (record["project"], record["version"], record["status"], record["verdict"]) == (
        "flask",
        "3.0.0",
        200,
        "allowed",
    )


def test_audit_verify_names_what_was_altered(gate: Gatehouse, index: Upstream) -> None:
    import sqlite3

    index.release("flask", "3.0.0")
    gate.approve("flask")
    assert gate.cli("audit", "verify").returncode == 0
    with sqlite3.connect(gate.data_dir / "wicketgate.db") as db:
        db.execute("drop trigger events_never_update")
        db.execute("update events set reason = 'nothing to see' where tag = 'project:approval:granted'")
    db.close()
    altered = gate.cli("audit", "verify")
    assert altered.returncode == 1
    assert "was altered" in altered.stdout


def test_no_gate_and_no_token_are_said_with_a_next_step(gate: Gatehouse, tmp_path: Path) -> None:
    lost = gate.cli("audit", "list", WICKETGATE_DATA_DIR=str(tmp_path / "empty"))
    assert (lost.returncode, "wicketgate serve" in lost.stderr) == (2, True)
    without = gate.cli("audit", "list", WICKETGATE_DATA_DIR=str(tmp_path / "empty"), WICKETGATE_URL=gate.url)
    assert (without.returncode, "WICKETGATE_TOKEN" in without.stderr) == (2, True)
    wrong = gate.cli("audit", "list", WICKETGATE_TOKEN="wgt_wrong")
    assert (wrong.returncode, "valid token" in wrong.stderr) == (2, True)


def test_readers_must_bring_a_token_where_the_operator_says_so(make_gate: MakeGate, index: Upstream) -> None:
    gate = make_gate("--no-anonymous")
    refused = gate.get("/simple/flask/")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    issued = gate.facts("token", "issue", "ci", "--role", "reader")
    import httpx

    for auth in (httpx.BasicAuth("__token__", issued["secret"]), None):
        headers = {} if auth else {"authorization": f"Bearer {issued['secret']}"}
        assert (
            httpx.get(
                f"{gate.url}/simple/flask/", auth=auth, headers=headers, trust_env=False, verify=False
            ).status_code
            == 200
        )
    assert (
        httpx.get(f"{gate.url}/simple/flask/", auth=("me", issued["secret"]), trust_env=False, verify=False).status_code
        == 401
    )
    gate.facts("token", "withdraw", issued["id"], "--reason", "leaked")
    assert (
        httpx.get(
            f"{gate.url}/simple/flask/", auth=("__token__", issued["secret"]), trust_env=False, verify=False
        ).status_code
        == 401
    )
    assert issued["secret"] not in json.dumps(gate.facts("audit", "list"))


def test_the_admin_may_listen_elsewhere(make_gate: MakeGate) -> None:
    from tests.world.gatehouse import free_port

    port = free_port()
    gate = make_gate("--admin-port", str(port))
    assert gate.get("/admin/").status_code == 404
    assert f"http://127.0.0.1:{port}/admin/" in gate.output()
    assert gate.cli("inbox").stdout.strip() == "Nothing waits."


def test_commands_on_the_host_need_no_address_that_people_use(make_gate: MakeGate) -> None:
    """In a container, or beside a front proxy, that name may lead nowhere."""
    gate = make_gate("--public-url", "https://gate.example", "--admin-public-url", "https://admin.example")
    assert gate.cli("inbox").stdout.strip() == "Nothing waits."
    opened = gate.cli("channels", "open", "research", "--reason", "a test needs it")
    assert "https://gate.example/research/simple/" in opened.stdout, opened.stderr


def test_every_command_is_where_the_table_says_and_none_is_missing() -> None:
    loaded = {name: main.get_command(Context(main), name) for name in COMMANDS}
    assert {name: command.name for name, command in loaded.items() if command} == {name: name for name in COMMANDS}


def options(command: Command, context: Context) -> Iterator[tuple[str, str]]:
    """Every command and option below, by how one types it, with its help."""
    yield context.command_path, command.help or ""
    for option in command.params:
        if isinstance(option, Option):
            yield f"{context.command_path} {option.opts[0]}", option.help or ""
    if isinstance(command, Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from options(below, Context(below, parent=context, info_name=name))


def test_every_command_and_every_option_says_what_it_is_for() -> None:
    found = dict(options(main, Context(main, info_name="wicketgate")))
    assert len(found) > 200, "it walks"
    assert [name for name, text in found.items() if not text.strip()] == []


def test_the_command_as_installed_knows_its_name_and_loads_no_server_to_ask() -> None:
    program = "import sys, proxy.cli.requirements; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    ).stdout
    assert not {"fastapi", "uvicorn", "proxy.app", "proxy.settings"} & set(loaded.split())
    installed = subprocess.run(
        [str(Path(sys.executable).parent / "wicketgate"), "--version"], capture_output=True, text=True, check=True
    )
    assert installed.stdout.startswith("wicketgate ")
