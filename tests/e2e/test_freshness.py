"""How old the advisory data is, on everything that the gate says, and what the terms make of it."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta

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
    assert gate.get(f"/files{wheel.path}").status_code == 200, "to say it is the default"
    gate.facts("terms", "--stale-advisories", "refuse", "--reason", "stricter still")
    refused = gate.get(f"/files{wheel.path}")
    assert refused.status_code == 403
    assert "The advisory data is stale" in refused.json()["detail"]
    gate.facts("terms", "--alarm-stale-after-hours", "6", "--reason", "that was too strict")
    assert gate.get(f"/files{wheel.path}").status_code == 200


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
