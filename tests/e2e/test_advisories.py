"""Advisory data arriving on a running gate: in force, refused, alerted, matched, and never silently stale."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.upstream import Answer, Asked, Upstream

DATA = ROOT / "tests" / "data" / "advisories"
UPDATE = DATA / "update"


def test_an_advisory_withholds_what_was_served_and_names_the_fix(gate: Gatehouse, index: Upstream) -> None:
    wheel = index.release("flask", "2.3.1")
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}").status_code == 200
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    refused = gate.get(f"/files{wheel.path}", **{"if-none-match": f'"{wheel.sha256}"'})
    assert refused.status_code == 403, "a copy that a client kept is recalled as well"
    assert "PYSEC-2026-1" in refused.json()["detail"]
    assert "Use 2.3.2 or later" in refused.json()["detail"]


@pytest.mark.parametrize("name", ["bad-truncated", "bad-not-a-zip", "bad-empty", "bad-shrunk"])
def test_bad_data_is_refused_and_the_old_stays_in_force(gate: Gatehouse, name: str) -> None:
    assert gate.cli("advisories", "import", str(UPDATE / "state2.zip")).returncode == 0
    before = gate.facts("advisories", "status")
    refused = gate.cli("advisories", "import", str(UPDATE / f"{name}.zip"))
    assert refused.returncode == 2
    assert "stays in force" in refused.stderr
    after = gate.facts("advisories", "status")
    assert (after["sha256"], after["records"]) == (before["sha256"], before["records"])


def test_a_loss_may_be_confirmed_by_a_person(gate: Gatehouse) -> None:
    gate.cli("advisories", "import", str(UPDATE / "state2.zip"))
    report = gate.facts("advisories", "import", str(UPDATE / "bad-shrunk.zip"), "--allow-shrink")
    assert report["records"] == 7 + 3, "but for malware, which a file takes back of nobody"


def test_a_file_that_fails_is_told_once_and_its_recovery_too(make_gate: MakeGate, tmp_path: Path) -> None:
    source = tmp_path / "all.zip"
    source.write_bytes(b"not a zip")
    gate = make_gate("--advisories", str(source))
    assert "nothing is known to be safe" in gate.output()
    (failed,) = gate.facts("audit", "list", "--tag", "feed:advisories:failed")["events"]
    assert "no zip archive" in failed["reason"] or "zip" in failed["reason"]
    shutil.copy(UPDATE / "state1.zip", source)
    assert gate.facts("advisories", "sync")["records"] == 70


def test_data_comes_from_a_url_whole_first_and_then_what_changed(make_gate: MakeGate, index: Upstream) -> None:
    served = {"state": "state1"}

    def export(asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        with zipfile.ZipFile(UPDATE / f"{served['state']}.zip") as archive:
            if name == "all.zip":
                return Answer(body=(UPDATE / f"{served['state']}.zip").read_bytes())
            if name == "modified_id.csv":
                return Answer(body=(UPDATE / f"{served['state']}-modified_id.csv").read_bytes())
            return Answer(body=archive.read(name)) if name in archive.namelist() else Answer(404)

    index.misbehave("/osv/", export)
    gate = make_gate("--advisories", index.url.replace("/simple/", "/osv/all.zip"))
    _until(lambda: gate.facts("advisories", "status")["records"] == 8895 + 70)
    served["state"] = "state2"
    report = gate.facts("advisories", "sync")
    assert (report["added"], report["vanished"]) == (10, 0), "single records cannot show what vanished"
    assert len(index.asked("/osv/all.zip")) == 1
    assert gate.facts("advisories", "sync")["added"] == 0
    expected = json.loads((UPDATE / "expected.json").read_text())["visible_by_modified_id_csv_only"]
    fetched = {asked.path.rpartition("/")[2].removesuffix(".json") for asked in index.asked(".json")}
    assert fetched == set(expected)


def test_refused_data_is_fetched_again_and_not_taken_for_unchanged(make_gate: MakeGate, index: Upstream) -> None:
    def export(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match"):
            return Answer(304)
        return Answer(200, {"etag": '"bad"'}, b"not a zip")

    index.misbehave("/osv", export)
    gate = make_gate("--advisories", index.url.replace("/simple/", "/osv.zip"))
    for _ in range(2):
        assert "stays in force" in gate.cli("advisories", "sync").stderr


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_update_is_taken_as_it_says(gate: Gatehouse) -> None:
    assert gate.facts("advisories", "import", str(UPDATE / "state1.zip"))["records"] == 70
    report = gate.facts("advisories", "import", str(UPDATE / "state2.zip"))
    assert (report["added"], report["vanished"], report["withdrawn"]) == (10, 2, 2), "a report of malware is kept"
    again = gate.facts("advisories", "import", str(UPDATE / "state2.zip"))
    assert (again["added"], again["changed"]) == (0, 0)


def test_the_stream_matches_as_expected() -> None:
    pairs = json.loads((DATA / "expected-dev.json").read_text())["pairs"]
    lines = "".join(json.dumps({"name": pair["name"], "version": pair["version"]}) + "\n" for pair in pairs)
    databases = [ROOT / "data" / "advisories.zip", DATA / "synthetic-osv.zip"]
    words = [word for path in databases for word in ("--database", str(path))]
    command = [sys.executable, "-m", "proxy.cli", "advisories", "match", *words]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT, check=True)
    for pair, line in zip(pairs, done.stdout.splitlines(), strict=True):
        answer = json.loads(line)
        assert (answer["name"], answer["version"]) == (pair["name"], pair["version"])
        either = set(pair.get("ambiguous", ()))
        assert set(answer["ids"]) - either == set(pair["ids"]) - either


def test_what_turned_bad_is_told_at_once_with_who_has_it_and_what_to_move_to(
    make_gate: MakeGate, index: Upstream
) -> None:
    index.misbehave("/hook", Answer(200))
    hook = index.url.replace("http://", "json://").replace("/simple/", "/hook")
    gate = make_gate("--alert-url", hook)
    first = index.release("flask", "2.3.1")
    index.release("flask", "2.3.2")
    gate.approve("flask")
    gate.advisory("PYSEC-2026-0", "unrelated", versions=["1.0"])
    gate.get(f"/files{first.path}", **{"user-agent": "pip/26.3"})
    time.sleep(0.3)
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    (event,) = gate.facts("audit", "list", "--tag", "release:verdict:turned")["events"]
    assert event["detail"]["releases"] == ["flask 2.3.1: PYSEC-2026-1; move to 2.3.2; 1 client has it"]
    assert event["detail"]["who"][0].startswith("127.0.0.1 (pip/26.3) has flask 2.3.1, 1 times")
    for words in (["flask==2.3.1"], ["--advisory", "PYSEC-2026-1"], ["--sha256", first.sha256]):
        (holder,) = gate.facts("who-has", *words)
        assert (holder["client"], holder["version"], holder["count"]) == ("127.0.0.1", "2.3.1", 1)
    assert gate.facts("who-has", "flask==2.3.2") == []
    _until(lambda: bool(index.asked("/hook")))


def test_a_waiver_opens_one_advisory_for_a_while_and_no_malware_by_one_person(gate: Gatehouse, index: Upstream) -> None:
    wheel = index.release("flask", "2.3.1")
    gate.approve("flask")
    gate.advisory("PYSEC-2026-1", "flask", versions=["2.3.1"])
    gate.advisory("PYSEC-2026-2", "flask", versions=["2.3.1"])
    waive = ["waive", "flask<3", "--reason", "not reachable"]
    gate.facts(*waive, "PYSEC-2026-1", "--days", "10")
    assert gate.get(f"/files{wheel.path}").status_code == 403, "the other advisory still counts"
    gate.facts(*waive, "PYSEC-2026-2")
    assert gate.get(f"/files{wheel.path}").status_code == 200
    assert [waiver["in_force"] for waiver in gate.facts("waivers")] == [True, True]
    gate.facts(*waive, "PYSEC-2026-2", "--end")
    assert gate.get(f"/files{wheel.path}").status_code == 403
    gate.advisory("MAL-2026-3", "flask", versions=["2.3.1"])
    refused = gate.cli(*waive, "MAL-2026-3")
    assert (refused.returncode, "takes two people (malware-dispute)" in refused.stderr) == (2, True)
    assert gate.get(f"/files{wheel.path}").status_code == 403
    unknown = gate.cli(*waive, "PYSEC-2026-9")
    assert "No advisory" in unknown.stderr
