"""What the gate promises of faults, as figures of this machine.

    python -m tests.bench.promises [--kills N]

Everything runs against real processes on loopback; a machine is rarely one's own, so read them beside its load.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from proxy.policy import changes
from proxy.store.sqlite import SqliteStore
from tests.bench.kill import killed
from tests.policy.facts import AT, approval, wheel
from tests.store.test_sqlite import ADA, RECORD
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream

REQUESTS, DECISIONS, ASKED = 2_000, 10_000, 60


def main() -> None:
    """Print a line a promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    said("load of this machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with Upstream() as index, tempfile.TemporaryDirectory() as folder:
        hanging(index, Path(folder))
        in_force(index, Path(folder))
        starting(index, Path(folder))
    said(f"kill -9, {kills} times under 100 downloads and writes of the admin", killed(kills))


def said(promise: str, figure: str) -> None:
    """Print one line."""
    print(f"{promise:<72}{figure}", flush=True)


@contextmanager
def running(gate: Gatehouse) -> Iterator[Gatehouse]:
    """Run a gate."""
    gate.start()
    try:
        yield gate
    finally:
        gate.stop()


def hanging(index: Upstream, folder: Path) -> None:
    """How long cached pages and files take with an upstream that answers, and with one that hangs."""
    listed = index.release("flask", "3.0.0", padding=100_000)
    index.release("click", "8.0")
    with running(Gatehouse(folder / "hanging", index.url, "--index-ttl", "1", fresh=True)) as gate:
        gate.approve("flask", "--acknowledge", "advisories-unknown")
        gate.get(f"/files{listed.path}")
        normal = _p99(gate, listed.path)
        index.misbehave("/", Answer(delay=3600))
        time.sleep(1.1)
        away = _p99(gate, listed.path)
        index.behave()
    said("p99 of cached pages and files, normally", f"{normal * 1e3:.2f} ms")
    said("  with an upstream that hangs (promised: at most twice that)", f"{away * 1e3:.2f} ms, x{away / normal:.2f}")


def _p99(gate: Gatehouse, path: str) -> float:
    with httpx.Client(base_url=gate.url, trust_env=False, verify=False, timeout=60) as client:
        taken = []
        for number in range(REQUESTS):
            begun = time.perf_counter()
            answer = client.get("/simple/flask/" if number % 2 else f"/files{path}")
            taken.append(time.perf_counter() - begun)
            assert answer.status_code == 200
    return statistics.quantiles(taken, n=100)[-1]


def in_force(index: Upstream, folder: Path) -> None:
    """How long after a command returned any worker still handed out what it closed."""
    listed = index.release("jinja2", "3.0.0")
    with running(Gatehouse(folder / "workers", index.url, "--workers", "2", fresh=True)) as gate:
        for promise, close in (
            ("revoked to refused on every worker", lambda: gate.facts("revoke", "jinja2", "--reason", "x")),
            (
                "malware imported to refused on every worker",
                lambda: gate.advisory("MAL-2026-1", "jinja2", versions=["3.0.0"]),
            ),
        ):
            gate.approve("jinja2", "--acknowledge", "advisories-unknown")
            assert gate.get(f"/files{listed.path}").status_code == 200
            close()
            returned = last = time.perf_counter()
            for _ in range(ASKED):
                if gate.get(f"/files{listed.path}").status_code == 200:
                    last = time.perf_counter()
            said(f"{promise} (promised: 2 s)", f"{last - returned:.3f} s after the command returned")


def starting(index: Upstream, folder: Path) -> None:
    """How long a start takes with many decisions, after a crash and from a backup."""
    data, backup = folder / "many", folder / "many.backup"
    data.mkdir()
    store = SqliteStore(data)
    granted = [approval(wheel(), id=f"a{number}") for number in range(DECISIONS)]
    names = [replace(each, project=f"project-{number}") for number, each in enumerate(granted)]  # type: ignore[arg-type]
    store.commit(changes.grant(names), ADA, AT)
    store.record([(f"b-{number}", replace(RECORD, request_id=f"r{number}")) for number in range(DECISIONS)])
    store.close()
    gate = Gatehouse(data, index.url, fresh=True)
    gate.start()
    gate.kill()
    said(f"crash to ready with {DECISIONS} approvals and records (promised: 5 s)", f"{_taken(gate.restart):.2f} s")
    said("backup of that while it runs", f"{_taken(lambda: gate.cli('backup', str(backup))):.2f} s")
    gate.stop()
    shutil.rmtree(data)
    restored = _taken(lambda: gate.cli("restore", str(backup), "--unsigned"))  # made before the key was, maybe
    ready = _taken(gate.restart)
    said("restore, verify and start (RTO, promised: 5 min)", f"{restored:.2f} s + {ready:.2f} s")
    gate.stop()


def _taken(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
