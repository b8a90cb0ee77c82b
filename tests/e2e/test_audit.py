"""The auditor at a running gate: searching, what was replaced, proofs without trust, copies, reports, and a crash.

What is only asked of a gate is asked of one that all of it shares; it exports to a receiver that is away at first.
"""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.errors import SettingsError
from proxy.policy import ledger, notes
from proxy.policy.notes import Signer
from proxy.settings import read
from tests.audit.receivers import WebhookReceiver, running
from tests.conftest import MakeGate
from tests.store.test_tampering import truncate, without_checkpoints
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


def happened(gate: Gatehouse, index: Upstream) -> None:
    """Let something happen: an approval, a file handed out, another refused, terms changed twice."""
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
    assert gate.admin("GET", "/audit/key").status_code == 200, "now the key is made, and nothing more happens by itself"


def asked(gate: Gatehouse, about: str, **wanted: str | int) -> list[Any]:
    """What a search of the API finds."""
    found: list[Any] = gate.admin("GET", f"/audit/{about}", params=wanted).json()[about]
    return found


@dataclass
class Shared:
    """The gate that is asked, and where it exports to."""

    gate: Gatehouse
    receiver: WebhookReceiver


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """A gate at which something happened."""
    folder = tmp_path_factory.mktemp("audit")
    (folder / "hook").write_text("whsec_aHVzaA==")
    receiver = WebhookReceiver()
    with Upstream() as index:
        gate = Gatehouse(folder / "gate", index.url, "--audit-export", f"{receiver.url}#secret={folder / 'hook'}")
        gate.start()
        happened(gate, index)
        yield Shared(gate, receiver)
        gate.stop()


@pytest.fixture
def asking(shared: Shared) -> Gatehouse:
    """That gate."""
    return shared.gate


def test_decisions_are_searched_by_facts_and_words(asking: Gatehouse) -> None:
    def found(**wanted: str) -> list[str]:
        return [each["project"] for each in asked(asking, "decisions", **wanted)]

    assert found(verdict="refused") == ["jinja2"]
    assert found(code="approved", what="file") == ["flask"]
    assert found(text="CPython 3.13.1") == ["jinja2"]
    assert found(client="127.0.0.1", version="3.0.0") == ["flask"]
    assert found(since="2020-01-01T00:00:00Z", until="2020-02-01T00:00:00Z") == []
    by_terminal = asking.facts(
        "audit", "decisions", "--channel", "default", "--since", "2020-01-01", "--code", "approved"
    )
    assert [each["project"] for each in by_terminal["decisions"]] == ["flask"]
    both = asking.facts("audit", "search", "flask")
    assert [each["project"] for each in both["decisions"]] == ["flask"]
    assert "project:approval:granted" in {each["tag"] for each in both["events"]}
    refused = asking.cli("audit", "decisions", "--since", "yesterday")
    assert (refused.returncode, "is no time" in refused.stderr) == (2, True)


def test_pages_lead_both_ways(asking: Gatehouse) -> None:
    def page(**wanted: int) -> Any:
        return asking.admin("GET", "/audit/events", params=wanted).json()

    first = page(limit=2)
    second = page(limit=2, before=first["next"])
    assert page(limit=2, after=second["previous"])["events"] == first["events"]
    assert page(after=first["previous"])["events"] == []
    last = page(limit=1000)
    assert (last["events"][-1]["seq"], last["next"]) == (1, None)


def test_a_change_says_what_it_replaced(asking: Gatehouse) -> None:
    (newest, older) = asked(asking, "events", tag="policy:terms", limit=2)
    (entry,) = asking.admin("GET", f"/audit/events/{newest['seq']}").json()["entries"]
    assert (entry["changed"], entry["vouched"]) == ({"minimum_age": ["P3D", "P14D"]}, True)
    before = asking.admin("GET", f"/audit/events/{older['seq']}").json()["entries"][0]
    assert before["after"]["minimum_age"] == "P3D"
    said = asking.cli("audit", "show", str(newest["seq"])).stdout
    assert "we wait 14 days" in said
    assert "P3D" in said
    missing = asking.cli("audit", "show", "99999")
    assert (missing.returncode, "There is no event" in missing.stderr) == (2, True)


def test_searches_are_kept_for_oneself_and_shared(asking: Gatehouse) -> None:
    other = asking.admin("POST", "/tokens", json={"name": "grace", "role": "auditor"}).json()["secret"]
    asking.facts("audit", "decisions", "--verdict", "refused", "--save", "refusals", "--shared")
    mine = {"name": "mine", "about": "decisions", "wanted": {"project": "flask"}}
    assert asking.admin("POST", "/audit/queries", json=mine).status_code == 200
    found = asking.facts("audit", "decisions", "--query", "mine")["decisions"]
    assert [each["project"] for each in found] == ["flask"]
    grace = {"headers": {"authorization": f"Bearer {other}"}}
    (shared,) = asking.admin("GET", "/audit/queries", **grace).json()
    assert (shared["name"], shared["mine"], shared["wanted"]) == ("refusals", False, {"verdict": "refused"})
    assert asking.admin("DELETE", f"/audit/queries/{shared['id']}", **grace).status_code == 404
    asking.facts("audit", "queries", "--drop", "refusals")
    assert asking.admin("GET", "/audit/queries", **grace).json() == []
    lost = asking.cli("audit", "decisions", "--query", "refusals")
    assert (lost.returncode, "Nothing was saved" in lost.stderr) == (2, True)
    for wanted in ({"verdict": "refused"}, {"since": "soon"}):
        body = {"name": "x", "about": "events", "wanted": wanted}
        assert asking.admin("POST", "/audit/queries", json=body).status_code == 422


def kept_of(gate: Gatehouse, folder: Path) -> tuple[Path, Path]:
    """The key and the checkpoints, as an auditor keeps them elsewhere."""
    key, checkpoint = folder / "key.txt", folder / "checkpoint.txt"
    key.write_text(gate.admin("GET", "/audit/key").json()["keys"])
    sealed = gate.admin("POST", "/audit/checkpoints").json()["checkpoints"]
    checkpoint.write_text(notes.joined(each["note"] for each in sealed))
    return key, checkpoint


def verified(gate: Gatehouse, key: Path, checkpoint: Path) -> tuple[int, str]:
    """What the terminal says of the log, with its exit code."""
    done = gate.cli("audit", "verify", "--key", str(key), "--checkpoint", str(checkpoint))
    return done.returncode, done.stdout + done.stderr


def test_what_an_auditor_kept_proves_and_shows_without_trust(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    """A record is proved to who has a checkpoint and no gate; who cuts the log off and hides it is shown."""
    happened(gate, index)
    key, checkpoint = kept_of(gate, tmp_path)
    assert verified(gate, key, checkpoint)[0] == 0
    (granted,) = asked(gate, "events", tag="project:approval:granted")
    proof, other = tmp_path / "granted.tlog-proof", tmp_path / "other.tlog-proof"
    gate.admin("PATCH", "/terms", json={"minimum_age_days": 5, "reason": "the log goes on"})
    for words in ([str(granted["seq"]), "--output", str(proof)], ["1", "--chain", "decisions", "--output", str(other)]):
        done = gate.cli("audit", "prove", *words, "--checkpoint", str(checkpoint))
        assert (done.returncode, f"to {words[-1]} (" in done.stderr) == (0, True), done.stderr
    gate.stop()
    for path, seq in ((proof, granted["seq"]), (other, 1)):
        checked = gate.cli("audit", "check-proof", str(path), "--checkpoint", str(checkpoint), "--key", str(key))
        assert (checked.returncode, f"Proved: record {seq} of the " in checked.stdout) == (0, True), checked.stderr
        assert "actor" not in checked.stdout, "in people's words"
        assert f"records, by the key {key.read_text().split('+')[1]}" in checked.stdout or path == other
    forged = tmp_path / "forged"
    forged.write_text(proof.read_text().replace("index ", "index 1"))
    words = ["audit", "check-proof", str(forged), "--checkpoint", str(checkpoint), "--key", str(key)]
    assert gate.cli(*words).returncode == 1
    with sqlite3.connect(gate.data_dir / "wicketgate.db") as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        without_checkpoints(truncate)(db, "events")
    db.close()
    with pytest.raises(AssertionError, match="older than it was"):
        gate.restart()
    assert gate.cli("restore", "--in-place").returncode == 0
    with pytest.raises(AssertionError, match="not what event"):
        gate.restart()
    with sqlite3.connect(gate.data_dir / "wicketgate.db") as db:  # nor does what they put count any more
        db.execute("delete from entries where put_seq > 3")
        db.execute("update entries set ended_seq = null where ended_seq > 3")
    db.close()
    gate.restart()
    code, said = verified(gate, key, checkpoint)
    assert (code, "ALTERED" in said) == (1, True), said
    assert "signed" in gate.output(), "the gate itself says so, from what lies beside its key"
    assert asked(gate, "events", tag="audit:log:contradicted")


def test_a_checkpoint_that_somebody_else_signed_is_refused(asking: Gatehouse, tmp_path: Path) -> None:
    key, _ = kept_of(asking, tmp_path)
    foreign = tmp_path / "foreign.txt"
    mine = key.read_text().split("/")[1]
    for instance in ("ab" * 16, mine):
        foreign.write_text(Signer(instance, Ed25519PrivateKey.generate()).sign("events", 1, bytes(32)))
        code, said = verified(asking, key, foreign)
        assert (code, "No key that is trusted" in said) == (1, True), said


def test_a_copy_of_the_log_verifies_and_is_itself_recorded(asking: Gatehouse, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    for chain, form in (("events", "jsonl"), ("decisions", "jsonl"), ("events", "ocsf"), ("decisions", "csv")):
        done = asking.cli("audit", "export", "--chain", chain, "--format", form, "--output", str(path))
        assert done.returncode == 0, done.stderr
        lines = path.read_text().splitlines()
        if form == "jsonl":
            records = [json.loads(line) for line in lines]
            assert not list(ledger.verify([{k: v for k, v in record.items() if k != "chain"} for record in records]))
        if form == "ocsf":
            assert {json.loads(line)["metadata"]["version"] for line in lines} == {"1.1.0"}
        if form == "csv":
            assert [row["project"] for row in csv.DictReader(lines)] == ["flask", "jinja2"]
    rest = asking.cli("audit", "export", "--chain", "decisions", "--after", "1").stdout
    assert [json.loads(line)["seq"] for line in rest.splitlines()] == [2]
    none = asking.cli("audit", "export", "--chain", "decisions", "--until", "2020-01-01").stdout
    assert none == ""
    told = asked(asking, "events", tag="audit:log:exported")
    assert [event["reason"] for event in told[2:]] == [
        "decisions as csv",
        "events as ocsf",
        "decisions as jsonl",
        "events as jsonl",
    ]


def test_a_report_is_the_same_bytes_whenever_it_is_made(asking: Gatehouse, tmp_path: Path) -> None:
    asking.cli("request", "jinja2", "--why", "<b>templates</b>")
    asking.admin("POST", "/inbox/decline", json={"projects": ["jinja2"], "reason": "not now"})
    (event,) = asked(asking, "events", tag="project:request:declined")
    period = ["--since", "2020-01-01", "--until", event["at"][:19] + "Z"]
    pages = []
    for number in range(2):
        path = tmp_path / f"{number}.html"
        done = asking.cli("report", *period, "--output", str(path))
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
    facts = asking.admin("GET", "/reports", params=later).json()
    assert facts["decisions"]["verdicts"] == {"allowed": 1, "refused": 1}
    assert facts["times"]["from_request_to_decision"]["count"] == 1
    assert [one["project"] for one in facts["approvals"]] == ["flask"]
    backwards = asking.cli("report", "--since", "2026-02-01", "--until", "2026-01-01")
    assert (backwards.returncode, "other way round" in backwards.stderr) == (2, True)


def test_what_a_crash_cost_stands_in_the_log_and_a_restored_copy_goes_on(
    gate: Gatehouse, index: Upstream, make_gate: MakeGate
) -> None:
    happened(gate, index)
    before = asked(gate, "decisions")
    gate.kill()
    torn = gate.data_dir / "decisions-4711-dead-7.journal"
    torn.write_bytes(b'["4711-dead-7",{"at":"2026-')
    gate.restart()
    (event,) = asked(gate, "events", tag="audit:decisions:gap")
    assert (event["detail"]["lost"], event["detail"]["journals"]) == (1, [torn.name])
    assert not torn.exists()
    assert asked(gate, "decisions") == before
    gate.stop()
    sealed = (gate.data_dir.parent / "gate-audit-key" / "ed25519.checkpoints").read_text().split("\n")
    sizes = {line.rpartition("/")[2]: sealed[place + 1] for place, line in enumerate(sealed) if line.startswith("wick")}
    with sqlite3.connect(gate.data_dir / "wicketgate.db") as db:
        for chain in ("events", "decisions"):
            last = db.execute(f"select max(seq) from {chain}").fetchone()[0]
            assert sizes[chain] == str(last), "stopping seals everything"
    db.close()
    shutil.copytree(gate.data_dir, gate.data_dir.with_name("restored"))
    restored = make_gate(name="restored")
    assert restored.cli("audit", "verify").returncode == 0
    assert asked(restored, "events", tag="audit:key:replaced")
    assert restored.get("/readyz").json()["ready"] is True


async def test_what_a_receiver_missed_while_it_was_away_arrives(shared: Shared) -> None:
    gate, receiver = shared.gate, shared.receiver
    (standing,) = gate.facts("audit", "destinations")
    assert (standing["destination"].endswith("/hook"), standing["waiting"] > 0) == (True, True)
    assert "wicketgate_audit_export_waiting{destination=" in gate.get("/metrics").text
    last = asked(gate, "events", limit=1)[0]["seq"]
    async with running(receiver):
        async with asyncio.timeout(60):
            while receiver.seqs("events")[-1:] != [last]:
                await asyncio.sleep(0.1)
    assert receiver.seqs("events") == list(range(1, last + 1))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("audit_key", "{data}/key.pem", "inside the data directory"),
        ("audit_export", "syslog+udp://siem.example", "is none of"),
        ("audit_export", "https://user:hush@siem.example/#secret=/x", "user name"),
        ("audit_keep_days", "soon", "not a whole number"),
    ],
)
def test_faults_of_the_settings_are_said_with_a_next_step(tmp_path: Path, option: str, value: str, said: str) -> None:
    given = {"data_dir": str(tmp_path), "upstream": "https://index.example/simple/"}
    with pytest.raises(SettingsError) as refused:
        read({**given, option: value.format(data=tmp_path)})
    (fault,) = refused.value.faults
    assert (said in fault, "Say " in fault, "hush" in fault) == (True, True, False), fault
