"""Policy as code on a running gate: exported, planned, applied as one change, simulated."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream

HEAD = "format = 1\nfragment = true\n"


@pytest.fixture
def flask(gate: Gatehouse, index: Upstream) -> Listed:
    """A project that is approved; the gate has learnt where files come from."""
    listed = index.release("flask", "3.0.0")
    gate.approve("flask")
    return listed


def exported(gate: Gatehouse) -> str:
    """The policy in force, as the API tells it."""
    return str(gate.admin("GET", "/policy/document").json()["document"])


def applied(gate: Gatehouse, text: str) -> Any:
    """Apply a document by the API."""
    answer = gate.admin("POST", "/policy/apply", json={"document": text, "reason": "a test needs it"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def approval(project: str, version: str, *files: Listed, more: str = "") -> str:
    """An approval as somebody writes it."""
    listed = "".join(f'"{file.filename}" = "{file.sha256}"\n' for file in files)
    text = f'[[approvals]]\nproject = "{project}"\nspecifier = "=={version}"\nreason = "needed"\n{more}'
    return text + (f"[approvals.files]\n{listed}" if listed else "")


def without_revision(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("revision"))


@pytest.mark.usefixtures("flask")
def test_plan_apply_and_export_are_the_identity(gate: Gatehouse, index: Upstream, tmp_path: Path, bench: Bench) -> None:
    numpy, source = index.release("numpy", "2.0"), index.sdist("numpy", "2.0")
    gate.facts("channels", "open", "research", "--reason", "looser")
    gate.facts("prohibit", "left-pad", "--reason", "no")
    text = gate.cli("policy", "export").stdout
    assert text == exported(gate)
    text = text.replace('minimum_age = "7d"', 'minimum_age = "36h"').replace("internal = []", 'internal = ["acme-*"]')
    text += "\n" + approval("numpy", "2.0", numpy, source, more='channel = "research"\nsdists = true\n')
    file = tmp_path / "policy.toml"
    file.write_text(text)
    planned = gate.cli("policy", "plan", str(file))
    assert planned.returncode == 0, planned.stderr
    for said in (
        "~ term          minimum_age: 7d -> 36h",
        "~ term          internal: none -> acme-*",
        "+ approvals     numpy==2.0 sdists in research: 2 files",
        "It needs policy:approve, terms:write.",
        "--if-revision",
    ):
        assert said in planned.stdout
    assert without_revision(exported(gate)) != without_revision(text), "a plan changes nothing"
    done = gate.facts("policy", "apply", str(file), "--reason", "from version control")
    assert [step["kind"] for step in done["steps"]] == ["term", "term", "approvals"]
    after = exported(gate)
    assert tomllib.loads(without_revision(after)) == tomllib.loads(without_revision(text))
    file.write_text(after)
    assert "Nothing to change" in gate.cli("policy", "plan", str(file)).stdout
    assert applied(gate, after)["event"] is None
    assert exported(gate) == after
    assert bench.pip("26.3", f"{gate.url}/research/simple/", "numpy").code == 0
    (event, *_) = gate.facts("audit", "list", "--tag", "policy:document:applied")["events"]
    assert (event["project"], event["reason"]) == ("numpy", "from version control")
    assert event["detail"]["steps"][0]["before"] == "7d"
    assert event["detail"]["steps"][2]["after"]["files"] == {f.filename: f.sha256 for f in (numpy, source)}
    assert gate.facts("audit", "verify")["intact"]


def test_what_a_document_does_not_list_ends(gate: Gatehouse, flask: Listed) -> None:
    text = exported(gate)
    assert applied(gate, text)["steps"] == []
    nothing = text[: text.index("[[approvals]]")].replace("channels = []", "channels = []\napprovals = []")
    origins = "\n" + text[text.index("[[origins]]") :]
    done = applied(gate, nothing + origins)
    assert [(step["verb"], step["name"]) for step in done["steps"]] == [("removed", "flask")]
    assert gate.get(f"/files{flask.path}").status_code == 403


def _written(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    return file


def test_an_approval_without_files_freezes_what_matches_and_is_then_the_one_in_force(
    gate: Gatehouse, index: Upstream
) -> None:
    first = index.release("numpy", "2.0")
    applied(gate, HEAD + approval("numpy", "2.0"))
    index.release("numpy", "2.0", build="1")
    assert applied(gate, HEAD + approval("numpy", "2.0"))["event"] is None
    (granted,) = gate.admin("GET", "/approvals").json()
    assert [frozen["filename"] for frozen in granted["files"]] == [first.filename]
    assert granted["by"] == "first run"


def test_a_document_that_lists_a_late_file_admits_it(make_gate: MakeGate, index: Upstream) -> None:
    gate = make_gate("--index-ttl", "0")
    first = index.release("flask", "3.0.0")
    gate.approve("flask")
    late = index.release("flask", "3.0.0", build="7")
    assert gate.get(f"/files{late.path}").status_code == 403
    assert [waiting["filename"] for waiting in gate.admin("GET", "/inbox").json()["late_files"]] == [late.filename]
    applied(gate, HEAD + approval("flask", "3.0.0", first, late))
    assert gate.admin("GET", "/inbox").json()["late_files"] == []
    assert gate.get(f"/files{late.path}").status_code == 200


def test_every_fault_is_told_and_nothing_is_changed(
    gate: Gatehouse, flask: Listed, index: Upstream, tmp_path: Path
) -> None:
    young = index.release("reqeusts", "1.0")
    numpy, source = index.release("numpy", "2.0"), index.sdist("numpy", "2.0")
    text = HEAD + approval("numpy", "2.0", numpy, more='until = 2020-01-01T00:00:00Z\nchannel = "nowhere"\n')
    before = exported(gate)
    nowhere = gate.admin("POST", "/policy/apply", json={"document": text, "reason": "x"})
    assert (nowhere.status_code, "there is no channel nowhere" in nowhere.text) == (422, True)
    numpy.sha256 = "f" * 64
    text = HEAD + "".join(
        [
            approval("numpy", "2.0", Listed("numpy", "2.0", numpy.filename, numpy.content, numpy.uploaded), source),
            approval("reqeusts", "1.0", young),
            approval("nothing-there", "1.0"),
            approval("flask", "9.0"),
            approval("flask", "3.0.0", flask, more='ticket = "T"\nuntil = 2020-01-01T00:00:00Z\n'),
            '[[waivers]]\nproject = "flask"\nspecifier = ""\nadvisory = "X-9"\nreason = "x"\nowner = "me"\n',
            "until = 2020-01-01T00:00:00Z\n",
            '[[origins]]\nurl = "https://FILES.example/"\n',
            '[[channels]]\nname = "simple"\nreason = "x"\n',
        ]
    )
    done = gate.cli("policy", "plan", str(_written(tmp_path, text)))
    assert done.returncode == 2
    answer = gate.admin("POST", "/policy/apply", json={"document": text, "reason": "x"})
    assert answer.status_code == 422
    by_api = [fault["what"] for fault in answer.json()["errors"]]
    assert len(by_api) == 10
    for lines in (done.stderr.removeprefix("error: ").splitlines(), by_api):
        for told in (
            f"line 8: approvals[0].files.{numpy.filename}: the upstream index lists it with other bytes: {'f' * 64}",
            f"line 9: approvals[0].files.{source.filename}: it needs a word more: say sdists",
            "line 10: approvals[1]: reqeusts looks like requests (two letters are swapped). If you mean it: "
            'acknowledged = ["look-alike:requests"]',
            "line 16: approvals[2]: The upstream index has no project nothing-there.",
            "line 20: approvals[3]: No file of flask matches ==9.0",
            "approvals[4].until: an approval cannot end in the past",
            "waivers[0].until: a waiver ends within 180 days",
            "waivers[0].advisory: No advisory 'X-9' about flask is known.",
            "origins[0].url: write it as https://files.example",
            "channels[0].name: 'simple' cannot be a channel's name.",
        ):
            assert any(told in line for line in lines), (told, lines)
    assert exported(gate) == before


@pytest.mark.usefixtures("flask")
def test_the_second_of_two_people_is_told_and_overwrites_nothing(gate: Gatehouse, tmp_path: Path) -> None:
    mine = exported(gate).replace('minimum_age = "7d"', 'minimum_age = "1d"')
    gate.facts("prohibit", "left-pad", "--reason", "somebody else's change")
    file = _written(tmp_path, mine)
    planned = gate.cli("policy", "plan", str(file))
    assert "was exported at revision" in planned.stdout
    assert "- prohibitions  left-pad" in planned.stdout
    before = exported(gate)
    stale = gate.cli("policy", "apply", str(file), "--reason", "x")
    assert (stale.returncode, "you saw revision" in stale.stderr) == (2, True)
    assert exported(gate) == before
    revision = int(planned.stdout.partition("--if-revision ")[2].split()[0])
    assert gate.cli("policy", "apply", str(file), "--reason", "x", "--if-revision", str(revision)).returncode == 0


ROLES = ("reader", "requester", "auditor", "approver", "administrator")
NEEDS = (
    ('[terms]\nminimum_age = "3d"', "administrator"),
    ('[[channels]]\nname = "lab"\nreason = "x"', "administrator"),
    ('[[origins]]\nurl = "https://other.example"', "administrator"),
    ('[[prohibitions]]\nproject = "left-pad"\nspecifier = ""\nreason = "x"', "approver"),
    ('[[approvals]]\nproject = "numpy"\nspecifier = "==2.0"\nreason = "x"', "approver"),
    ('[terms]\nmode = "observe"\n[[prohibitions]]\nproject = "x"\nspecifier = ""\nreason = "x"', "nobody"),
)


def test_a_document_needs_every_permission_that_its_changes_need(gate: Gatehouse, index: Upstream) -> None:
    index.release("numpy", "2.0")
    tokens = {role: gate.admin("POST", "/tokens", json={"name": role, "role": role}).json()["secret"] for role in ROLES}
    for section, holder in NEEDS:
        before = exported(gate)
        body = {"document": HEAD + section, "reason": "x"}
        for role in sorted(ROLES, key=lambda role: role == holder):
            headers = {"authorization": f"Bearer {tokens[role]}"}
            answer = gate.admin("POST", "/policy/apply", json=body, headers=headers)
            assert answer.status_code == (200 if role == holder else 403), (section, role, answer.text)
            assert (exported(gate) == before) is (role != holder)


def test_a_simulation_says_who_would_break_before_it_is_in_force(
    gate: Gatehouse, index: Upstream, bench: Bench, tmp_path: Path
) -> None:
    index.release("app", "1.0", ["helper"])
    index.release("helper", "1.0")
    index.release("other", "1.0")
    gate.approve("app")
    gate.approve("helper")
    assert bench.pip("26.3", gate.index, "app").code == 0
    assert bench.uv(gate.index, "other").code != 0
    same = gate.admin("POST", "/simulate", json={"document": exported(gate)}).json()["demand"]
    assert (same["breaks"], same["opens"], same["lines"] > 0) == ([], [], True)
    text = HEAD + '[[prohibitions]]\nproject = "helper"\nspecifier = ""\nreason = "it phones home"\n'
    stricter = _written(tmp_path, text + approval("other", "1.0"))
    asked = len(index.requests)
    done = gate.cli("simulate", str(stricter), "--since", "1d")
    assert len(index.requests) == asked, "the upstream hears nothing of it"
    assert done.returncode == 1
    assert "helper-1.0-py3-none-any.whl" in done.stdout
    assert "it phones home" in done.stdout
    facts = gate.admin("POST", "/simulate", json={"document": stricter.read_text(), "since": "1d"}).json()
    files = [line for line in facts["demand"]["breaks"] if line["filename"]]
    assert [(line["filename"], line["clients"], line["who"]) for line in files] == [
        ("helper-1.0-py3-none-any.whl", 1, ["127.0.0.1"])
    ]
    assert files[0]["reasons"][0]["code"] == "prohibited"
    assert any("the page of other is not kept here" in note for note in facts["notes"])
    assert gate.get("/explain/helper", accept="application/json").json()["allowed"] is True, "nothing was changed"
    planned = gate.admin("POST", "/policy/plan", json={"document": stricter.read_text()}).json()
    assert {line["project"] for line in planned["demand"]["opens"]} == {"other"}
    assert {line["project"] for line in planned["demand"]["breaks"]} == {"helper"}
    applied(gate, stricter.read_text())
    refused = bench.pip("26.3", gate.index, "--force-reinstall", "--no-cache-dir", "app")
    assert "it_phones_home" in refused.output
    assert bench.uv(gate.index, "other").code == 0


def test_without_its_pages_a_simulation_says_what_it_cannot_judge(gate: Gatehouse, flask: Listed) -> None:
    assert gate.get(f"/files{flask.path}").status_code == 200
    applied(gate, HEAD + '[terms]\nmode = "observe"')
    gate.facts("revoke", "flask", "--reason", "x")
    gate.stop()
    shutil.rmtree(gate.data_dir / "cache")
    gate.restart()
    enforced = HEAD + '[terms]\nmode = "enforce"'
    facts = gate.admin("POST", "/simulate", json={"document": enforced}).json()
    assert [line["filename"] for line in facts["demand"]["unjudged"]] == [flask.filename]


def test_the_schema_is_printed_without_a_gate_and_is_a_document(index: Upstream, tmp_path: Path) -> None:
    done = Gatehouse(tmp_path / "nowhere", index.url).cli("policy", "schema")
    assert done.returncode == 0
    assert tomllib.loads(done.stdout)["format"] == 1
