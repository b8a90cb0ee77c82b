"""The auditor at a running gate: searching, what was replaced, proofs without trust, copies, reports, and a crash."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy.policy import ledger, notes
from tests.audit.receivers import WebhookReceiver, running
from tests.conftest import MakeGate
from tests.store.test_tampering import rewrite, truncate, without_checkpoints
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


@pytest.fixture
def busy(gate: Gatehouse, index: Upstream) -> Gatehouse:
    """A gate at which something happened: an approval, a file handed out, another refused, terms changed twice."""
    wheel, other = index.release("flask", "3.0.0"), index.release("jinja2", "3.1.0")
    gate.admin("POST", "/approvals", json={"requirement": "flask", "reason": "a test needs it"})
    gate.get(f"/files{wheel.path}", **{"user-agent": "pip/26.3 CPython/3.11.7"})
    gate.get(f"/files{other.path}", **{"user-agent": "uv/0.9 CPython/3.13.1"})
    for days in (3, 14):
        gate.admin("PATCH", "/terms", json={"minimum_age_days": days, "reason": f"we wait {days} days"})
    deadline = time.monotonic() + 10
    while len(asked(gate, "decisions")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return gate


def asked(gate: Gatehouse, about: str, **wanted: str | int) -> list[Any]:
    """What a search of the API finds."""
    found: list[Any] = gate.admin("GET", f"/audit/{about}", params=wanted).json()[about]
    return found


def test_decisions_are_searched_by_facts_and_words(busy: Gatehouse) -> None:
    def found(**wanted: str) -> list[str]:
        return [each["project"] for each in asked(busy, "decisions", **wanted)]

    assert found(verdict="refused") == ["jinja2"]
    assert found(code="approved", what="file") == ["flask"]
    assert found(text="CPython 3.13.1") == ["jinja2"]
    assert found(client="127.0.0.1", version="3.0.0") == ["flask"]
    assert found(since="2020-01-01T00:00:00Z", until="2020-02-01T00:00:00Z") == []
    by_terminal = busy.facts(
        "audit", "decisions", "--channel", "default", "--since", "2020-01-01", "--code", "approved"
    )
    assert [each["project"] for each in by_terminal["decisions"]] == ["flask"]
    both = busy.facts("audit", "search", "flask")
    assert [each["project"] for each in both["decisions"]] == ["flask"]
    assert [each["tag"] for each in both["events"]] == ["project:approval:granted"]
    refused = busy.cli("audit", "decisions", "--since", "yesterday")
    assert (refused.returncode, "is no time" in refused.stderr) == (2, True)


def test_pages_lead_both_ways(busy: Gatehouse) -> None:
    def page(**wanted: int) -> Any:
        return busy.admin("GET", "/audit/events", params=wanted).json()

    first = page(limit=2)
    second = page(limit=2, before=first["next"])
    assert page(limit=2, after=second["previous"])["events"] == first["events"]
    assert page(after=first["previous"])["events"] == []
    last = page(limit=1000)
    assert (last["events"][-1]["seq"], last["next"]) == (1, None)


def test_a_change_says_what_it_replaced(busy: Gatehouse) -> None:
    (newest, older) = asked(busy, "events", tag="policy:terms", limit=2)
    (entry,) = busy.admin("GET", f"/audit/events/{newest['seq']}").json()["entries"]
    assert (entry["changed"], entry["vouched"]) == ({"minimum_age": ["P3D", "P14D"]}, True)
    before = busy.admin("GET", f"/audit/events/{older['seq']}").json()["entries"][0]
    assert before["after"]["minimum_age"] == "P3D"
    said = busy.cli("audit", "show", str(newest["seq"])).stdout
    assert "we wait 14 days" in said
    assert "P3D" in said
    missing = busy.cli("audit", "show", "99999")
    assert (missing.returncode, "There is no event" in missing.stderr) == (2, True)


def test_searches_are_kept_for_oneself_and_shared(busy: Gatehouse) -> None:
    other = busy.admin("POST", "/tokens", json={"name": "grace", "role": "auditor"}).json()["secret"]
    busy.facts("audit", "decisions", "--verdict", "refused", "--save", "refusals", "--shared")
    mine = {"name": "mine", "about": "decisions", "wanted": {"project": "flask"}}
    assert busy.admin("POST", "/audit/queries", json=mine).status_code == 200
    found = busy.facts("audit", "decisions", "--query", "mine")["decisions"]
    assert [each["project"] for each in found] == ["flask"]
    grace = {"headers": {"authorization": f"Bearer {other}"}}
    (shared,) = busy.admin("GET", "/audit/queries", **grace).json()
    assert (shared["name"], shared["mine"], shared["wanted"]) == ("refusals", False, {"verdict": "refused"})
    assert busy.admin("DELETE", f"/audit/queries/{shared['id']}", **grace).status_code == 422
    busy.facts("audit", "queries", "--drop", "refusals")
    assert busy.admin("GET", "/audit/queries", **grace).json() == []
    lost = busy.cli("audit", "decisions", "--query", "refusals")
    assert (lost.returncode, "Nothing was saved" in lost.stderr) == (2, True)
    for wanted in ({"verdict": "refused"}, {"since": "soon"}):
        body = {"name": "x", "about": "events", "wanted": wanted}
        assert busy.admin("POST", "/audit/queries", json=body).status_code == 422


@pytest.fixture
def kept(busy: Gatehouse, tmp_path: Path) -> tuple[Path, Path]:
    """The key and the checkpoints, as an auditor keeps them elsewhere."""
    key, checkpoint = tmp_path / "key.txt", tmp_path / "checkpoint.txt"
    key.write_text(busy.admin("GET", "/audit/key").json()["keys"])
    sealed = busy.admin("POST", "/audit/checkpoints").json()["checkpoints"]
    checkpoint.write_text(notes.joined(each["note"] for each in sealed))
    return key, checkpoint


def verified(gate: Gatehouse, kept: tuple[Path, Path]) -> tuple[int, str]:
    done = gate.cli("audit", "verify", "--key", str(kept[0]), "--checkpoint", str(kept[1]))
    return done.returncode, done.stdout + done.stderr


def test_a_record_is_proved_to_who_has_a_checkpoint_and_no_gate(
    busy: Gatehouse, kept: tuple[Path, Path], tmp_path: Path
) -> None:
    key, checkpoint = kept
    assert verified(busy, kept)[0] == 0
    (granted,) = asked(busy, "events", tag="project:approval:granted")
    proof, other = tmp_path / "granted.tlog-proof", tmp_path / "other.tlog-proof"
    busy.admin("PATCH", "/terms", json={"minimum_age_days": 5, "reason": "the log goes on"})
    for words in ([str(granted["seq"]), "--output", str(proof)], ["1", "--chain", "decisions", "--output", str(other)]):
        done = busy.cli("audit", "prove", *words, "--checkpoint", str(checkpoint))
        assert done.returncode == 0, done.stderr
    busy.stop()
    for path, seq in ((proof, granted["seq"]), (other, 1)):
        checked = busy.cli("audit", "check-proof", str(path), "--checkpoint", str(checkpoint), "--key", str(key))
        assert (checked.returncode, f"record {seq} is in wicketgate/" in checked.stdout) == (0, True), checked.stderr
    forged = proof.read_text().replace("index ", "index 1")
    (tmp_path / "forged").write_text(forged)
    words = ["audit", "check-proof", str(tmp_path / "forged"), "--checkpoint", str(checkpoint), "--key", str(key)]
    assert busy.cli(*words).returncode == 1


@pytest.mark.parametrize("chain", ["events", "decisions"])
@pytest.mark.parametrize("tamper", [truncate, rewrite])
def test_what_hides_its_traces_is_shown_by_what_was_kept(
    busy: Gatehouse, kept: tuple[Path, Path], chain: str, tamper: Any
) -> None:
    busy.stop()
    with sqlite3.connect(busy.data_dir / "wicketgate.db") as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        if tamper is truncate and chain == "decisions":
            db.execute("delete from decisions where seq > 1")
        else:
            without_checkpoints(tamper)(db, chain)
    db.close()
    busy.restart()
    assert "signed" in busy.output(), "the gate itself says so at its start, from what lies beside the key"
    assert asked(busy, "events", tag="audit:log:contradicted")
    code, said = verified(busy, kept)
    assert (code, "ALTERED" in said) == (1, True), said


def test_a_checkpoint_that_somebody_else_signed_is_refused(
    busy: Gatehouse, kept: tuple[Path, Path], make_gate: MakeGate, tmp_path: Path
) -> None:
    other = make_gate(name="other")
    foreign = tmp_path / "foreign.txt"
    assert other.cli("audit", "checkpoint", "--output", str(foreign)).returncode == 0
    assert other.cli("audit", "key").stdout.startswith("wicketgate/")
    code, said = verified(busy, (kept[0], foreign))
    assert (code, "No key that is trusted" in said) == (1, True)
    assert busy.cli("audit", "verify", "--checkpoint", str(foreign)).returncode == 1


def test_a_copy_of_the_log_verifies_and_is_itself_recorded(busy: Gatehouse, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    for chain, form in (("events", "jsonl"), ("decisions", "jsonl"), ("events", "ocsf"), ("decisions", "csv")):
        done = busy.cli("audit", "export", "--chain", chain, "--format", form, "--output", str(path))
        assert done.returncode == 0, done.stderr
        lines = path.read_text().splitlines()
        if form == "jsonl":
            records = [json.loads(line) for line in lines]
            assert not list(ledger.verify([{k: v for k, v in record.items() if k != "chain"} for record in records]))
        if form == "ocsf":
            assert {json.loads(line)["metadata"]["version"] for line in lines} == {"1.1.0"}
        if form == "csv":
            assert [row["project"] for row in csv.DictReader(lines)] == ["flask", "jinja2"]
    rest = busy.cli("audit", "export", "--chain", "decisions", "--after", "1").stdout
    assert [json.loads(line)["seq"] for line in rest.splitlines()] == [2]
    none = busy.cli("audit", "export", "--chain", "decisions", "--until", "2020-01-01").stdout
    assert none == ""
    told = asked(busy, "events", tag="audit:log:exported")
    assert [event["reason"] for event in told[2:]] == [
        "decisions as csv",
        "events as ocsf",
        "decisions as jsonl",
        "events as jsonl",
    ]


def test_a_report_is_the_same_bytes_whenever_it_is_made(busy: Gatehouse, tmp_path: Path) -> None:
    busy.cli("request", "jinja2", "--why", "<b>templates</b>")
    busy.admin("POST", "/inbox/decline", json={"project": "jinja2", "reason": "not now"})
    (event,) = asked(busy, "events", tag="project:request:declined")
    period = ["--since", "2020-01-01", "--until", event["at"][:19] + "Z"]
    pages = []
    for number in range(2):
        path = tmp_path / f"{number}.html"
        done = busy.cli("report", *period, "--output", str(path))
        assert done.returncode == 0, done.stderr
        pages.append(path.read_bytes())
        time.sleep(1)
    assert pages[0] == pages[1]
    page = pages[0].decode()
    assert "a test needs it" in page
    assert "@page" in page
    for forbidden in ("<script", "src=", "href=", "url("):
        assert forbidden not in page
    later = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    facts = busy.admin("GET", "/reports", params=later).json()
    assert facts["decisions"]["verdicts"] == {"allowed": 1, "refused": 1}
    assert facts["times"]["from_request_to_decision"]["count"] == 1
    assert [one["project"] for one in facts["approvals"]] == ["flask"]
    backwards = busy.cli("report", "--since", "2026-02-01", "--until", "2026-01-01")
    assert (backwards.returncode, "other way round" in backwards.stderr) == (2, True)


def test_what_a_crash_cost_stands_in_the_log(busy: Gatehouse) -> None:
    before = asked(busy, "decisions")
    busy.kill()
    torn = busy.data_dir / "decisions-4711-dead-7.journal"
    torn.write_bytes(b'["4711-dead-7",{"at":"2026-')
    busy.restart()
    (event,) = asked(busy, "events", tag="audit:decisions:gap")
    assert (event["detail"]["lost"], event["detail"]["journals"]) == (1, [torn.name])
    assert not torn.exists()
    assert asked(busy, "decisions") == before
    assert busy.cli("audit", "verify").returncode == 0


def test_stopping_seals_everything(busy: Gatehouse) -> None:
    busy.stop()
    notes = (busy.data_dir.parent / "gate-audit-key" / "ed25519.checkpoints").read_text().split("\n")
    sizes = {line.rpartition("/")[2]: notes[place + 1] for place, line in enumerate(notes) if line.startswith("wick")}
    with sqlite3.connect(busy.data_dir / "wicketgate.db") as db:
        for chain in ("events", "decisions"):
            assert sizes[chain] == str(db.execute(f"select max(seq) from {chain}").fetchone()[0])
    db.close()


async def test_what_a_receiver_missed_while_it_was_away_arrives(make_gate: MakeGate, tmp_path: Path) -> None:
    secret = tmp_path / "hook-secret"
    secret.write_text("whsec_aHVzaA==")
    receiver = WebhookReceiver()
    gate = make_gate("--audit-export", f"{receiver.url}#secret={secret}")
    (standing,) = gate.facts("audit", "destinations")
    assert standing["destination"].endswith("/hook")
    async with running(receiver):
        async with asyncio.timeout(30):
            while "checkpoints" not in {record["chain"] for post in receiver.posted for record in post.records}:
                await asyncio.sleep(0.1)
    last = asked(gate, "events", limit=1)[0]["seq"]
    assert receiver.seqs("events") == list(range(1, last + 1))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--audit-key", "{data}/key.pem", "inside the data directory"),
        ("--audit-export", "syslog+udp://siem.example", "is none of"),
        ("--audit-export", "https://user:hush@siem.example/#secret=/x", "user name"),
        ("--audit-keep-days", "soon", "not a whole number"),
    ],
)
def test_faults_of_the_settings_are_said_with_a_next_step(
    gate: Gatehouse, tmp_path: Path, index: Upstream, option: str, value: str, said: str
) -> None:
    data = tmp_path / "another"
    words = ["serve", "--data-dir", str(data), "--upstream", index.url, option, value.format(data=data)]
    done = gate.cli(*words)
    assert (done.returncode, said in done.stderr, "Say " in done.stderr) == (2, True, True), done.stderr
    assert "hush" not in done.stderr


def test_a_restored_copy_goes_on_without_its_key_and_says_so(busy: Gatehouse, make_gate: MakeGate) -> None:
    busy.stop()
    copy = busy.data_dir.with_name("restored")
    shutil.copytree(busy.data_dir, copy)
    restored = make_gate(name="restored")
    assert restored.cli("audit", "verify").returncode == 0
    assert asked(restored, "events", tag="audit:key:replaced")
    again = httpx.get(f"{restored.url}/readyz", trust_env=False).json()
    assert again["ready"] is True
