"""How old the advisory data is, on everything that the gate says, and what the terms make of it."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream


def known(gate: Gatehouse, hours: float) -> None:
    """Import one record that is some hours old."""
    modified = datetime.now(UTC) - timedelta(hours=hours)  # noqa: TID251  the gate's own clock runs too
    package = {"ecosystem": "PyPI", "name": "unrelated"}
    record = {"id": "A-1", "modified": modified.isoformat(), "affected": [{"package": package, "versions": ["1"]}]}
    path = gate.data_dir.parent / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("A-1.json", json.dumps(record))
    done = gate.cli("advisories", "import", str(path), "--allow-shrink")
    assert done.returncode == 0, done.stderr


def test_age_records_and_digest_stand_on_everything_that_is_said(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    known(gate, 30)
    status = gate.facts("advisories", "status")
    assert (status["level"], status["records"], status["age_hours"], status["sync_age_hours"]) == ("old", 1, 30, 0)
    said = status["sentence"]
    assert said.startswith("OLD: 1 records from data.zip, the newest 30 hours old, taken in 0 minutes ago, SHA-256 ")
    assert status["sha256"].startswith(said.rpartition(" ")[2].rstrip("."))

    html = {"accept": "text/html"}
    assert said in gate.get("/", **html).text
    assert said in gate.get("/explain/flask", **html).text
    assert said in gate.get("/explain/flask", accept="text/plain").text
    assert gate.get("/explain/flask", accept="application/json").json()["advisory_data"]["sentence"] == said
    assert said in gate.cli("explain", "flask").stdout
    assert said in gate.cli("check", "flask").stdout
    assert gate.get("/readyz").json()["advisory_data"]["sentence"] == said
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        desk.post("/sign-in", data={"token": gate.token})
        for page in ("/", "/approve", "/audit"):
            assert said in desk.get(page).text
        desk.post("/sign-out")
        assert said not in desk.get("/sign-in").text


def test_the_metrics_say_the_same_and_are_for_readers(make_gate: MakeGate) -> None:
    gate = make_gate("--no-anonymous")
    assert gate.get("/metrics").status_code == 401
    bearer = {"authorization": f"Bearer {gate.token}"}
    empty = _metrics(gate, bearer)
    assert empty["wicketgate_advisory_content_age_seconds"] == empty["wicketgate_advisory_sync_age_seconds"] == "+Inf"
    assert (empty["wicketgate_advisory_records"], empty["wicketgate_advisory_level"]) == ("0.0", "3.0")
    known(gate, 30)
    refused = gate.data_dir.parent / "not.zip"
    refused.write_text("not a zip")
    gate.cli("advisories", "import", str(refused))
    found = _metrics(gate, bearer)
    assert 30 * 3600 <= float(found["wicketgate_advisory_content_age_seconds"]) < 31 * 3600
    assert 0 <= float(found["wicketgate_advisory_sync_age_seconds"]) < 600
    assert (found["wicketgate_advisory_records"], found["wicketgate_advisory_level"]) == ("1.0", "1.0")
    assert found["wicketgate_advisory_sync_failures_total"] == "1.0"
    status = gate.facts("advisories", "status")
    (info,) = [name for name in found if name.startswith("wicketgate_advisory_data_info")]
    assert f'sha256="{status["sha256"]}"' in info
    assert 'source="data.zip"' in info


def _metrics(gate: Gatehouse, headers: dict[str, str]) -> dict[str, str]:
    answer = gate.get("/metrics", **headers)
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: value for name, _, value in lines}


def test_the_terms_say_when_data_is_old_and_what_that_does(gate: Gatehouse, index: Upstream) -> None:
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    known(gate, 5)
    assert gate.facts("advisories", "status")["level"] == "fresh"
    assert gate.get(f"/files{wheel.path}").status_code == 200
    gate.facts("terms", "--warn-stale-after-hours", "2", "--alarm-stale-after-hours", "4", "--reason", "stricter")
    terms = gate.facts("terms")
    assert (terms["warn_stale_after_hours"], terms["alarm_stale_after_hours"]) == (2.0, 4.0)
    assert gate.facts("advisories", "status")["level"] == "stale"
    assert gate.get(f"/files{wheel.path}").status_code == 200, "what was decided goes on"
    gate.facts("terms", "--stale-advisories", "refuse", "--reason", "stricter still")
    refused = gate.get(f"/files{wheel.path}")
    assert refused.status_code == 403
    assert "The advisory data is stale" in refused.json()["detail"]
    gate.facts("terms", "--alarm-stale-after-hours", "6", "--reason", "that was too strict")
    assert gate.get(f"/files{wheel.path}").status_code == 200


STALE, AWARE = "advisories-stale", ("--acknowledge", "advisories-stale")


@pytest.fixture
def stale(make_gate: MakeGate, index: Upstream) -> Gatehouse:
    """A gate with the terms that ship, advisory data of four days ago, and two projects to approve."""
    gate = make_gate("--index-ttl", "0")
    index.release("flask", "3.0.0")
    index.release("click", "8.0.0")
    gate.facts("terms", "--stale-advisories", "acknowledge", "--reason", "as shipped")
    known(gate, 96)
    return gate


def test_what_opens_while_the_data_is_stale_takes_a_word_that_stands_in_the_event(stale: Gatehouse) -> None:
    refused = stale.cli("approve", "flask", "--reason", "x")
    assert refused.returncode == 2
    for said in ("the newest 4 days old", "wicketgate advisories sync", "--acknowledge advisories-stale"):
        assert said in refused.stderr
    problem = stale.admin("POST", "/approvals", json={"requirement": "flask", "reason": "x"})
    assert (problem.status_code, problem.json()["acknowledge"]) == (409, STALE)
    assert stale.approve("flask", "--dry-run")["opened"], "looking takes no word"
    assert stale.cli("approve", "flask", "--reason", "x", "--acknowledge", "advisories-unknown").returncode == 2
    assert stale.approve("flask", *AWARE)["opened"]
    (event,) = stale.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert event["detail"]["advisory_data"]["acknowledged"] == STALE
    assert event["detail"]["approvals"][0]["acknowledged"] == [], "it was a word for that moment"
    assert stale.cli("revoke", "flask", "--reason", "x").returncode == 0, "saying no takes no word"
    known(stale, 1)
    assert stale.approve("click")["opened"]


def test_every_other_way_to_open_asks_for_the_same_word(stale: Gatehouse, tmp_path: Path) -> None:
    lock, document = tmp_path / "requirements.txt", tmp_path / "policy.toml"
    lock.write_text("flask==3.0.0\n")
    document.write_text('format = 1\nfragment = true\n[[approvals]]\nproject = "flask"\nspecifier = ""\nreason = "x"\n')
    for words in (
        ("approve", "flask", "--with-dependencies"),
        ("import", str(lock)),
        ("policy", "apply", str(document)),
        ("waive", "unrelated", "A-1"),
        ("break-glass", "flask"),
    ):
        command = (*words, "--reason", "x")
        refused = stale.cli(*command)
        assert (refused.returncode, "--acknowledge advisories-stale" in refused.stderr) == (2, True), (words, refused)
        done = stale.cli(*command, *AWARE)
        assert done.returncode == 0, (words, done.stderr)
        if words[0] not in {"waive", "break-glass"}:
            assert stale.cli("revoke", "flask", "--reason", "x").returncode == 0


def test_the_pages_have_a_box_for_it(stale: Gatehouse) -> None:
    with httpx.Client(
        base_url=f"{stale.url}/admin", trust_env=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        desk.post("/sign-in", data={"token": stale.token})
        for page in ("/approve", "/emergencies", "/advisories"):
            assert f'name="acknowledge" value="{STALE}"' in desk.get(page).text, page
        form = {"requirement": "flask", "reason": "x", "do": "grant"}
        assert "Approved flask" not in desk.post("/approve", data=form).text
        assert "Approved flask" in desk.post("/approve", data={**form, "acknowledge": STALE}).text
        many = {"pick": "requirement=click", "reason": "x", "do": "grant"}
        assert "--acknowledge advisories-stale" in desk.post("/inbox", data=many).text
        assert "in force" in desk.post("/inbox", data={**many, "acknowledge": STALE}).text


def test_a_range_opens_nothing_new_by_itself_until_the_data_is_fresh(stale: Gatehouse, index: Upstream) -> None:
    stale.facts("terms", "--minimum-age-days", "0", "--reason", "x")
    stale.approve("flask", "--standing", *AWARE)
    index.release("flask", "3.1.0", days=1 / 24)
    assert _served(stale) == ["3.0.0"]
    assert "advisory data is stale" in stale.cli("explain", "flask==3.1.0").stdout
    known(stale, 1)
    assert _served(stale) == ["3.1.0", "3.0.0"]


def _served(gate: Gatehouse) -> list[str]:
    files = gate.get("/simple/flask/", accept="application/vnd.pypi.simple.v1+json").json()["files"]
    return [file["filename"].split("-")[1] for file in files if "/files/" in file["url"]]


def test_a_gate_as_shipped_asks_for_the_word(make_gate: MakeGate, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    gate = make_gate(fresh=True)
    refused = gate.cli("approve", "flask", "--reason", "x")
    assert (refused.returncode, "--acknowledge advisories-unknown" in refused.stderr) == (2, True)
    assert gate.approve("flask", "--acknowledge", "advisories-unknown")["opened"]


@pytest.mark.parametrize("hours", [0, -1, 9000])
def test_hours_that_make_no_sense_are_refused(gate: Gatehouse, hours: float) -> None:
    answer = gate.admin("PATCH", "/terms", json={"warn_stale_after_hours": hours, "reason": "x"})
    assert answer.status_code == 422


def test_what_is_imported_old_is_told_at_once_and_all_is_clear_when_newer_data_comes(gate: Gatehouse) -> None:
    known(gate, 99)
    known(gate, 1)
    tags = [event["tag"] for event in gate.facts("audit", "list")["events"]]
    told = [tag for tag in reversed(tags) if tag in {"feed:advisories:stale", "feed:advisories:fresh"}]
    assert told == ["feed:advisories:stale", "feed:advisories:fresh"]
