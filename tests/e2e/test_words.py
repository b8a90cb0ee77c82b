"""What commands print is for people: each matter once, no spelling of Python's, and scripts have ``--json``."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import MakeGate
from tests.e2e.test_freshness import known
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream, now

PYTHONS = ("None", "True", "False", "{", "[]")


def test_the_age_of_the_data_is_said_once_by_whoever_explains(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    known(gate, 99)
    for said in (
        gate.cli("explain", "flask").stdout,
        gate.cli("explain", "flask==3.0.0").stdout,
        gate.get("/explain/flask", accept="text/plain").text,
        gate.get("/explain/flask", accept="text/html").text.partition("<main")[2],
    ):
        assert said.lower().count("stale") == 1, said
        assert "Approved by" in said
    gate.facts("terms", "--stale-advisories", "refuse", "--reason", "x")
    assert "[advisories-stale] The advisory data is stale" in gate.cli("explain", "flask").stdout, "it refuses"


def test_the_preview_of_a_term_says_why_files_are_opened(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.1.0", days=3)
    gate.approve("flask", "--standing")
    known(gate, 99)
    said = gate.cli("terms", "--minimum-age-days", "1", "--dry-run").stdout
    assert "opened then (1)" in said
    assert "Approved by" in said
    assert "stale" not in said


def test_what_nobody_approved_and_nobody_asked_for_may_not_exist(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    remark = "Whether it exists is not known here"
    for said in (
        gate.cli("explain", "qzxv-unheard-of").stdout,
        gate.get("/explain/qzxv-unheard-of", accept="text/html").text,
        gate.get("/explain/qzxv-unheard-of", accept="text/plain").text,
    ):
        assert remark in said
    assert not index.asked("qzxv-unheard-of")
    known_name = gate.cli("explain", "flask").stdout
    assert remark not in known_name, "a known name is asked for"
    assert known_name.count("Ask for it") == 1
    assert remark not in gate.cli("explain", "reqeusts").stdout, "a look-alike is more than unknown"


def test_a_version_is_explained_without_the_odd_rows_of_others(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    for odd in ("flask-3.0.0.win32.exe", "flask-3.0.0.1.exe", "flask-2.0.exe", "flask-3.0.0rc1.exe"):
        index.publish(Listed("flask", "", odd, b"MZ", now()))
    gate.approve("flask")
    said = gate.cli("explain", "flask==3.0.0").stdout
    assert "never served: flask-3.0.0.win32.exe" in said
    assert said.count("never served") == 1
    assert gate.cli("explain", "flask").stdout.count("never served") == 4


def test_terms_and_the_state_of_the_data_read_as_words(gate: Gatehouse) -> None:
    none = gate.cli("advisories", "status").stdout
    assert "Advisory data: none" in none
    known(gate, 99)
    terms, status = gate.cli("terms").stdout, gate.cli("advisories", "status").stdout
    for said in (terms, status, none):
        assert not [spelt for spelt in PYTHONS if spelt in said], said
    rows = dict(line.split(maxsplit=1) for line in terms.splitlines())
    assert (rows["refuse_unknown_severity"], rows["freeze"], rows["minimum_age_days"]) == ("yes", "off", "7")
    assert "wicketgate advisories sync" in status
    assert "its newest record" in status
    assert gate.facts("terms")["freeze"] is None, "scripts have --json"


def test_a_dry_run_takes_no_reason_and_a_change_does(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    assert "This would approve flask" in gate.cli("approve", "flask", "--dry-run").stdout
    closure = gate.cli("approve", "flask", "--with-dependencies", "--dry-run")
    assert "This would approve 1 of 1 releases" in closure.stdout, closure.stderr
    for words in (["approve", "flask"], ["approve", "flask", "--with-dependencies"], ["terms", "--mode", "observe"]):
        done = gate.cli(*words)
        assert (done.returncode, "Missing option '--reason'" in done.stderr) == (2, True), words
    empty = gate.cli("approve", "flask", "--reason", "")
    assert (empty.returncode, "reason: " in empty.stderr) == (2, True), "it is no dry run"


def test_whoever_writes_a_file_says_what_and_where(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    lock = tmp_path / "requirements.txt"
    lock.write_text("flask==3.0.0\n")
    period = ("--since", "2026-01-01", "--until", "2026-02-01")
    for words, what in (
        (["audit", "key"], "the public key"),
        (["audit", "checkpoint"], "the signed checkpoints"),
        (["audit", "prove", "1"], "the proof of record 1 of the events"),
        (["audit", "export"], "the events of the log (jsonl)"),
        (["report", *period], "the report of 2026-01-01 to 2026-02-01 (html)"),
        (["export", "--format", "constraints"], "what is approved at revision "),
        (["policy", "export"], "the policy at revision "),
        (["adopt"], "what is proposed"),
        (["check", str(lock), "--format", "json"], "the report (json)"),
        (["sbom", str(lock), "--name", "shop", "--version", "1"], "the bill of materials of shop 1"),
    ):
        file = tmp_path / "written"
        done = gate.cli(*words, "--output", str(file))
        assert done.returncode == 0, done.stderr
        assert f"Wrote {what}" in done.stderr
        assert f" to {file} ({file.stat().st_size} bytes)." in done.stderr
        lost = gate.cli(*words, "--output", str(tmp_path / "nowhere" / "file"))
        assert (lost.returncode, "Say another --output" in lost.stderr) == (2, True), lost.stderr


def test_a_change_is_shown_in_words(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    granted, learnt = (
        gate.facts("audit", "list", "--tag", tag)["events"][-1]["seq"]
        for tag in ("project:approval:granted", "upstream:origin:allowed")
    )
    said = gate.cli("audit", "show", str(learnt)).stdout
    assert f"Change {learnt} of " in said
    assert "by   the gate itself" in said
    assert f"The origin {index.url.rstrip('/').removesuffix('/simple')} was added:" in said
    approval = gate.cli("audit", "show", str(granted)).stdout
    assert not [spelt for spelt in PYTHONS if spelt in approval], approval


def test_a_gate_without_its_first_token_does_not_say_where_that_is(make_gate: MakeGate) -> None:
    gate = make_gate()
    gate.stop()
    gate.restart()
    assert gate.output().count(f"kept for you alone in {gate.data_dir / 'admin-token'}") == 2
    gate.stop()
    (gate.data_dir / "admin-token").unlink()
    gate.restart()
    assert gate.output().count("admin-token") == 2
    assert "with your account, or a token\n" in gate.output()


def test_the_set_up_page_says_where_the_command_comes_from_and_how_to_do_without(gate: Gatehouse) -> None:
    page = gate.get("/", accept="text/html").text
    assert "uv tool install ./wicketgate" in page
    assert f"curl {gate.url}/explain/NAME" in page
