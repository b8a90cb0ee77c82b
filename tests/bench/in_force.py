"""Advisories in force: judging a large page, importing while requests flow, and who has what turned bad.

    python -m tests.bench.in_force

Prints three rows of figures; everything is made here, from a seed.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
from packaging.utils import NormalizedName

from proxy.feeds.names import shipped_advisories
from proxy.model import Advisory, Affected, DecisionRecord
from proxy.policy.judge import Basis, judge_files
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, FLASK, ORIGIN, approval, wheel
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

FILES, RECORDS, DOWNLOADS, CHANGED = 5_000, 25_000, 330_000, 300


def judging() -> None:
    """Judge a page of 5,000 files, the first time and again."""
    files = [wheel(f"1.{n // 20}.{n % 20}", sha256=f"{n:064x}") for n in range(FILES)]
    affected = Affected(FLASK, tuple(f"1.{n}.0" for n in range(0, 250, 3)), ())
    index = AdvisoryIndex.of([Advisory(f"PYSEC-2026-{n}", AT, (affected,)) for n in range(20)])
    policy = PolicySnapshot(advisories=index).amended((ORIGIN, approval(*files)), (), 1)
    basis = Basis.of(FLASK, policy, AT)
    first = _timed(lambda: list(judge_files(files, basis, policy, AT)))
    again = statistics.median(_timed(lambda: list(judge_files(files, basis, policy, AT))) for _ in range(15))
    print(f"judging {FILES} files       first {first * 1000:6.1f} ms   again {again * 1000:6.1f} ms")


def importing() -> None:
    """Import 25,000 records into a running gate while a client asks for a page all the time."""
    with tempfile.TemporaryDirectory() as folder, Upstream() as upstream:
        path = Path(folder) / "all.zip"
        _many(path)
        upstream.release("flask", "3.0.0")
        gate = Gatehouse(Path(folder) / "gate", upstream.url).start()
        gate.approve("flask")
        delays: list[float] = []
        stop = threading.Event()

        def ask() -> None:
            with httpx.Client(trust_env=False) as client:
                while not stop.is_set():
                    delays.append(_timed(lambda: client.get(f"{gate.index}flask/")))

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.5)
        calm, before = max(delays), len(delays)
        resident = _resident(gate)
        took = _timed(lambda: gate.cli("advisories", "import", str(path)))
        grown = _resident(gate) - resident
        stop.set()
        asking.join()
        worst = max(delays[before:])
        print(
            f"importing {RECORDS} records   {took:5.2f} s, +{grown >> 20} MB, slowest request meanwhile"
            f" {worst * 1000:.0f} ms (before: {calm * 1000:.0f} ms)"
        )
        gate.stop()


def blast_radius() -> None:
    """Find who has files of 300 projects among 330,000 downloads."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        chance = random.Random(7)
        record = DecisionRecord(
            AT, "file", "", "", "pip/26.3", "", "", "", "a" * 64, 200, "allowed", ("approved",), 1, "r"
        )  # fmt: skip
        for start in range(0, DOWNLOADS, 5_000):
            store.record([(f"u{n}", _download(record, chance, n)) for n in range(start, start + 5_000)])
        projects = [f"project-{n}" for n in range(CHANGED)]
        took = statistics.median(_timed(lambda: store.handed_out(projects)) for _ in range(3))
        print(f"blast radius, {CHANGED} projects among {DOWNLOADS} downloads   {took * 1000:.0f} ms")
        store.close()


def _download(record: DecisionRecord, chance: random.Random, number: int) -> DecisionRecord:
    from dataclasses import replace

    return replace(
        record,
        at=AT + timedelta(seconds=number),
        client=f"10.0.{chance.randrange(4)}.{chance.randrange(250)}",
        project=NormalizedName(f"project-{int(chance.paretovariate(0.6)) % 5000}"),
        version=f"1.{chance.randrange(9)}",
    )


def _many(path: Path) -> None:
    """Write the shipped records several times, under other ids, until there are 25,000."""
    with zipfile.ZipFile(shipped_advisories()) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        names = source.namelist()
        for number in range(RECORDS):
            record = json.load(io.BytesIO(source.read(names[number % len(names)])))
            record["id"] = f"{record['id']}-{number // len(names)}" if number >= len(names) else record["id"]
            target.writestr(f"{record['id']}.json", json.dumps(record))


def _resident(gate: Gatehouse) -> int:
    status = Path(f"/proc/{gate.process_id}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) << 10


def _timed(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


if __name__ == "__main__":
    judging()
    blast_radius()
    importing()
