"""A release from being served to being refused: real pip, an advisory that arrives, and who hears of it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.model import Actor, Waiver
from proxy.policy import changes
from proxy.store.sqlite import SqliteStore
from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.hook import Hook
from tests.world.upstream import Upstream

PIP = "26.3"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as listening:
        yield listening


def test_served_then_an_advisory_then_the_alert_and_the_next_install_refused_with_the_fix_named(
    make_gate: MakeGate, index: Upstream, bench: Bench, hook: Hook
) -> None:
    gate = make_gate("--alert-url", hook.url)
    index.release("flask", "2.3.1")
    index.release("flask", "2.3.2")
    gate.approve("flask")
    assert bench.pip(PIP, gate.index, "flask==2.3.1").code == 0

    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "Flask", ranges=ranges)

    (text,) = hook.about("release:verdict:turned")
    assert "1 releases that were approved or handed out are withheld now; 1 client has them" in text
    assert "flask 2.3.1: PYSEC-2026-1; move to 2.3.2; 1 client has it" in text
    assert f"127.0.0.1 (pip/{PIP} CPython/" in text
    assert f"has flask 2.3.1, 1 times, last {datetime.now(UTC):%Y-%m-%d}" in text  # noqa: TID251  the gate's own day

    refused = bench.pip(PIP, gate.index, "--force-reinstall", "flask==2.3.1")
    assert refused.code != 0
    said = " ".join(refused.output.split())
    assert "flask_2.3.1_has_a_known_vulnerability_PYSEC-2026-1" in said
    assert "Use_2.3.2_or_later" in said
    assert bench.pip(PIP, gate.index, "--upgrade", "flask").code == 0
    assert (
        "2.3.2" in bench.run([bench.python, "-c", "import importlib.metadata as m; print(m.version('flask'))"]).output
    )


def test_data_that_arrives_late_tells_of_what_was_handed_out_before_there_was_any(
    gate: Gatehouse, index: Upstream
) -> None:
    wheel = index.release("flask", "2.3.1")
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}").status_code == 200
    gate.advisory("MAL-2026-1", "flask", versions=["2.3.1"])
    (event,) = gate.facts("audit", "list", "--tag", "release:verdict:turned")["events"]
    assert event["detail"]["releases"][0].startswith("flask 2.3.1: MAL-2026-1; no clean version is known")


def test_a_waiver_ends_on_time_without_a_restart(gate: Gatehouse, index: Upstream) -> None:
    wheel = index.release("flask", "2.3.1")
    gate.approve("flask")
    gate.advisory("PYSEC-2026-1", "flask", versions=["2.3.1"])
    now = datetime.now(UTC)  # noqa: TID251  the gate's own clock runs too
    waiver = Waiver(
        "waiver:short", "flask", "", "PYSEC-2026-1", "ada", "for a moment", now, now + timedelta(seconds=4)  # type: ignore[arg-type]
    )  # fmt: skip
    store = SqliteStore(gate.data_dir)
    store.commit(changes.waive(waiver), Actor("token", "token:1", "ada", "owner"), now)
    store.close()
    assert gate.get(f"/files{wheel.path}").status_code == 200
    deadline = now + timedelta(seconds=30)
    while gate.get(f"/files{wheel.path}").status_code == 200:
        assert datetime.now(UTC) < deadline  # noqa: TID251  as above
    assert datetime.now(UTC) >= waiver.until  # noqa: TID251  as above
    assert gate.facts("waivers")[0]["in_force"] is False


def test_a_waiver_names_its_owner_and_says_why_it_does_not_matter(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "2.3.1")
    gate.approve("flask")
    gate.advisory("PYSEC-2026-1", "flask", versions=["2.3.1"])
    words = ["--owner", "billing", "--justification", "vulnerable_code_not_in_execute_path", "--reason", "not called"]
    event = gate.facts("waive", "flask<3", "PYSEC-2026-1", *words)
    assert (event["detail"]["owner"], event["detail"]["justification"]) == ("billing", words[3])
    (waiver,) = gate.facts("waivers")
    lasts = datetime.fromisoformat(waiver["until"]) - datetime.fromisoformat(waiver["at"])
    assert (waiver["owner"], lasts) == ("billing", timedelta(days=30))
    too_long = gate.admin("POST", "/waivers", json={
        "requirement": "flask", "advisory": "PYSEC-2026-1", "reason": "x", "days": 181,
    })  # fmt: skip
    assert too_long.status_code == 422


def test_a_folder_is_imported_as_a_zip_is(gate: Gatehouse, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    (folder / "deep").mkdir(parents=True)
    package = {"ecosystem": "PyPI", "name": "flask"}
    record = {"modified": "2026-01-01T00:00:00Z", "affected": [{"package": package, "versions": ["1.0"]}]}
    (folder / "A-1.json").write_text(json.dumps({"id": "A-1", **record}))
    (folder / "deep" / "B-1.json").write_text(json.dumps({"id": "B-1", **record}))
    assert gate.facts("advisories", "import", str(folder))["records"] == 2
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("C-1.json", json.dumps({"id": "C-1", **record}))
    assert gate.facts("advisories", "import", str(folder))["records"] == 3
