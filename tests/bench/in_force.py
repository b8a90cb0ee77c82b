"""Advisories in force: judging a large page, importing while requests flow, and who has what turned bad.

    python -m tests.bench.in_force [--repeat N]

Prints three rows of figures, each the lower quartile of its runs; everything is made here, from a seed.
A machine is rarely one's own: beside the time by the clock stands that of the processor.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from packaging.utils import NormalizedName

from proxy.alerts import Alerts
from proxy.feeds import osv
from proxy.feeds.bulletin import FEED
from proxy.feeds.compare import compare
from proxy.feeds.intake import Intake
from proxy.feeds.names import shipped_advisories
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Advisory, Affected, DecisionRecord, ProjectPage
from proxy.policy import spans, versions
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot
from proxy.serving import calm_collector
from proxy.shelf import Held
from proxy.store import EventFilter
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, FLASK, ORIGIN, approval, wheel
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

FILES, FILES_A_VERSION, RECORDS, DOWNLOADS, CHANGED = 5_000, 21, 25_000, 330_000, 300


def main() -> None:
    """Read the arguments and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    calm_collector()
    judging(repeat)
    blast_radius(repeat)
    importing(repeat)


# --- judging --------------------------------------------------------------------------------------


class _World:
    """What a gateway needs to judge a page, and no more: the policy, and a page that is at hand."""

    def __init__(self, snapshot: PolicySnapshot, page: ProjectPage) -> None:
        self.snapshot, self._page = snapshot, page

    def at_hand(self) -> PolicySnapshot:
        return self.snapshot

    async def current(self, *_: object) -> PolicySnapshot:
        return self.snapshot

    async def names_known(self, *_: object) -> PolicySnapshot:
        return self.snapshot

    async def get(self, *_: object) -> Held:
        return Held(self._page, AT + timedelta(hours=1))

    async def origins(self, *_: object) -> bool:
        return False

    quarantine = origins

    async def known(self, *known: object) -> object:
        """As facts: the page as it is; as first files: none."""
        return known[1] if len(known) > 1 else {}

    def moves(self, *_: object) -> int:
        return 0

    async def changed(self, *_: object) -> None:
        """Hear of nothing."""

    unfit = late = changed


def judging(repeat: int) -> None:
    """Judge a page of 5,000 files as the gateway does, with nothing known yet and again."""
    files = [
        wheel(
            f"1.{n // 20}.{n % 20}", sha256=f"{file:064x}", filename=f"flask-1.{n // 20}.{n % 20}-{file}-none-any.whl"
        )
        for file in range(FILES)
        for n in [file // FILES_A_VERSION]
    ]
    affected = Affected(FLASK, tuple(f"1.{n // 20}.{n % 20}" for n in range(0, FILES // FILES_A_VERSION, 3)), ())
    packed = AdvisoryIndex.of([Advisory(f"PYSEC-2026-{n}", AT, (affected,)) for n in range(20)]).packed
    grant, page = approval(*files), ProjectPage(FLASK, tuple(files))
    first, again = [], []
    for _ in range(4 * repeat):
        versions._version.cache_clear()
        spans.cut.cache_clear()
        world: Any = _World(PolicySnapshot(advisories=AdvisoryIndex(packed)).amended((ORIGIN, grant), (), 1), page)
        gateway = Gateway(world, world, world, world, world, world, world, lambda: AT)
        first.append(_timed(partial(asyncio.run, _listed(gateway))))
        again.append(_timed(partial(gateway.at_hand, FLASK)))
        listing = gateway.at_hand(FLASK)
        assert listing is not None
        assert len(listing.composition.files) == FILES
    print(f"judging a page of {FILES} files: first {_said(first)}; again {_said(again)}")


async def _listed(gateway: Gateway) -> None:
    await gateway.listing(FLASK)  # and not returned: asyncio would write all of it out when it restores signals


# --- who has what turned bad ----------------------------------------------------------------------


def blast_radius(repeat: int) -> None:
    """Import advisories about every release of 300 projects among 330,000 downloads, up to the alert about them."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        _download_many(store)
        projects = [f"project-{n}" for n in range(CHANGED)]
        reach = [_timed(lambda: store.reach(projects)) for _ in range(repeat)]
        whole = [asyncio.run(_turned_bad(store)) for _ in range(repeat)]
        (alert,) = store.events(EventFilter(tag="release:verdict:turned", limit=1))
        print(
            f"blast radius of {CHANGED} projects among {DOWNLOADS} downloads: {_said(whole)} from the records to the"
            f" alert, of it {_said(reach)} for the question; {alert.reason}"
        )
        store.close()


async def _turned_bad(store: SqliteStore) -> Took:
    """Return how long it takes to take in what turns everything bad, after all of it was forgotten."""
    live = Live(store, store.bell)
    await live.refresh()
    intake = Intake(store, live, Alerts(store, live, lambda: AT, None), lambda: AT)
    await _taken(intake, ["unrelated"])
    began = Took.now()
    await _taken(intake, [f"project-{n}" for n in range(CHANGED)])
    return Took.now() - began


async def _taken(intake: Intake, projects: list[str]) -> None:
    reading = _reading(projects)
    found = compare(intake.store.advisories_kept(), reading, full=True)
    await intake.full(found, reading.rows(found.wanted), "bench", FEED, allow_shrink=True)


def _reading(projects: list[str]) -> osv.Reading:
    everything = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    records = [
        {
            "id": f"PYSEC-2026-{project}",
            "modified": "2026-05-31T00:00:00Z",
            "affected": [{"package": {"ecosystem": "PyPI", "name": project}, "ranges": everything}],
        }
        for project in projects
    ]
    return osv.read_records([(f"{record['id']}.json", json.dumps(record).encode()) for record in records], at=AT)


def _download_many(store: SqliteStore) -> None:
    chance = random.Random(7)
    record = DecisionRecord(
        AT, "file", "", "", "pip/26.3", "", "", "", "a" * 64, 200, "allowed", ("approved",), 1, "r"
    )  # fmt: skip
    for start in range(0, DOWNLOADS, 5_000):
        store.record([(f"u{n}", _download(record, chance, n)) for n in range(start, start + 5_000)])


def _download(record: DecisionRecord, chance: random.Random, number: int) -> DecisionRecord:
    return replace(
        record,
        at=AT + timedelta(seconds=number),
        client=f"10.0.{chance.randrange(4)}.{chance.randrange(250)}",
        project=NormalizedName(f"project-{int(chance.paretovariate(0.6)) % 5000}"),
        version=f"1.{chance.randrange(9)}",
    )


# --- importing while requests flow ----------------------------------------------------------------


def importing(repeat: int) -> None:
    """Import 25,000 records into running gates while a client asks each for a page all the time."""
    with tempfile.TemporaryDirectory() as folder, Upstream() as upstream:
        path = Path(folder) / "all.zip"
        _many(path)
        upstream.release("flask", "3.0.0")
        runs = [_imported(Path(folder) / f"gate-{n}", upstream, path) for n in range(repeat)]
    took, read, grown, worst, calm = (list(figures) for figures in zip(*runs, strict=True))
    print(
        f"importing {RECORDS} records: {_said(took)}, in another process {_milliseconds(_quartile(read))}, "
        f"+{min(grown) >> 20} MB; the slowest request meanwhile {_quartile(worst) * 1000:.0f} ms (at best "
        f"{min(worst) * 1000:.0f} ms), without an import {_quartile(calm) * 1000:.0f} ms"
    )


def _imported(data_dir: Path, upstream: Upstream, export: Path) -> tuple[Took, float, int, float, float]:
    """Return what an import took, of the processor elsewhere, of memory, and the slowest request with and without."""
    gate = Gatehouse(data_dir, upstream.url).start()
    gate.approve("flask")
    httpx.get(f"{gate.url}/explain/flask", trust_env=False, timeout=60)
    calm = _slowest(gate, lambda: time.sleep(3.0))
    Path(f"/proc/{gate.process_id}/clear_refs").write_text("5")  # the peak counts from here
    before, (busy, read) = _peak(gate), _busy(gate)
    took: list[Took] = []
    worst = _slowest(gate, lambda: took.append(_timed(lambda: _accepted(gate, export))))
    # The client's pages are in the gate's processor time too: what is told is an upper bound.
    after, read_after = _busy(gate)
    whole, grown = replace(took[0], cpu=after - busy), _peak(gate) - before
    gate.stop()
    return whole, read_after - read, grown, worst, calm


def _busy(gate: Gatehouse) -> tuple[float, float]:
    """Return the processor seconds that the gate's process had so far, and those of the processes it began."""
    fields = Path(f"/proc/{gate.process_id}/stat").read_text().rpartition(")")[2].split()
    own, own_system, begun, begun_system = (int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15])
    return own + own_system, begun + begun_system


def _accepted(gate: Gatehouse, export: Path) -> None:
    answer = gate.admin("POST", "/advisories/import", content=export.read_bytes())
    assert answer.is_success, answer.text


def _slowest(gate: Gatehouse, work: Callable[[], object]) -> float:
    """Return the longest that a client waited for a page while the work was done."""
    command = [sys.executable, "-m", "tests.bench.slowest", f"{gate.index}flask/"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "begun\n"
        work()
        told, _ = asking.communicate()
    return float(told)


def _many(path: Path) -> None:
    """Write the shipped records several times, under other ids and names, until there are 25,000."""
    with zipfile.ZipFile(shipped_advisories()) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        members = source.namelist()
        for number in range(RECORDS):
            turn, name = divmod(number, len(members))
            record = json.load(io.BytesIO(source.read(members[name])))
            for entry in record["affected"] if turn else ():
                entry["package"]["name"] += f"-{turn}"
            record["id"] += f"-{turn}" if turn else ""
            target.writestr(f"{record['id']}.json", json.dumps(record))


def _peak(gate: Gatehouse) -> int:
    status = Path(f"/proc/{gate.process_id}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) << 10


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock, and of the processor: on a busy machine the second says what the work needs."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Took:
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, begun: Took) -> Took:
        return Took(self.wall - begun.wall, self.cpu - begun.cpu)


def _timed(work: Callable[[], object]) -> Took:
    begun = Took.now()
    work()
    return Took.now() - begun


def _said(runs: list[Took]) -> str:
    """Return the lower quartile of some times, by the clock and of the processor."""
    wall, cpu = (_quartile([getattr(took, kind) for took in runs]) for kind in ("wall", "cpu"))
    return f"{_milliseconds(wall)} (processor {_milliseconds(cpu)})"


def _quartile(values: list[float]) -> float:
    return statistics.quantiles(values, n=4, method="inclusive")[0] if len(values) > 1 else values[0]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


if __name__ == "__main__":
    main()
