"""Prints the figures of advisory matching over a data folder, or answers questions as a command does.

    python -m tests.bench.advisories FOLDER
    python -m tests.bench.advisories --database ALL.ZIP [--database ...] < questions

FOLDER holds exports (``*.zip``), ``expected-dev.json``, ``severity-expected-dev.json`` and the scoring
tool ``score.py``.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName

from proxy.feeds import compare, match, osv
from proxy.model import Advisory
from proxy.policy import severity
from proxy.policy.ranges import AdvisoryIndex

AT = datetime(2100, 1, 1, tzinfo=UTC)
RECORDS = 25_000
SCORED = ("precision", "recall", "false_allow", "seconds_to_first_answer", "queries_per_second")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--database", action="append", type=Path, default=[])
    parser.add_argument("--import", dest="imported", type=Path, help="measure importing one export")
    given = parser.parse_args()
    if given.database:
        answer(given.database)
    elif given.imported:
        measure_import(given.imported)
    else:
        figures(given.folder)


def answer(databases: Iterable[Path]) -> None:
    """Answer questions from the standard input over several exports together."""
    index = match.load(databases, AT)
    with open(sys.stdin.fileno(), "rb") as source:  # noqa: PTH123  # no path: the standard input itself
        match.stream(source, sys.stdout.buffer, index)


def figures(folder: Path) -> None:
    """Print every row."""
    exports = sorted(folder.glob("*.zip"))
    scores(folder, exports)
    severities(folder / "severity-expected-dev.json", exports)
    pages(exports)
    with tempfile.TemporaryDirectory() as scratch:
        large = Path(scratch) / "all.zip"
        large.write_bytes(multiplied(exports, RECORDS))
        run([sys.executable, "-m", __spec__.name, "--import", str(large)])


def scores(folder: Path, exports: list[Path]) -> None:
    """Ask the scoring tool, once for correctness and once for a steady number of queries a second."""
    databases = [part for path in exports for part in ("--database", str(path))]
    command = [sys.executable, "-m", __spec__.name, *databases]
    for repeat in ("1", "200"):
        score = [sys.executable, str(folder / "score.py"), "--repeat", repeat]
        told = run([*score, str(folder / "expected-dev.json"), "--", *command], quiet=True)
        said = dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)
        print(f"pairs asked {repeat} times:", {name: said[name] for name in SCORED})


def severities(expected: Path, exports: list[Path]) -> None:
    """Count the records whose severity, entry by entry and at its worst, is as expected."""
    wanted = json.loads(expected.read_text())["records"]
    found = {record.id: record.severity.rating for path in exports for record in records(path)}
    right = sum(
        found[name] == (record["highest"] or "unknown") and all(map(is_rated, record["entries"]))
        for name, record in wanted.items()
    )
    print(f"severities: {right} of {len(wanted)}")


def is_rated(entry: dict[str, Any]) -> bool:
    """Whether one severity entry gets the score and rating expected."""
    found = severity.of_vector(entry["type"], entry["vector"])
    return bool((found.score, found.rating) == (entry["score"], entry["rating"] or "unknown"))


def pages(exports: list[Path]) -> None:
    """Print how long matching a page takes: 5,000 files, 21 a version, of the project with most records."""
    index = AdvisoryIndex.of(chain.from_iterable(map(records, exports)))
    busiest = NormalizedName(max(index.packed, key=lambda project: len(index.packed[project])))
    listed = [f"{number // 21 // 20}.{number // 21 % 20}.{number // 21 % 7}" for number in range(5_000)]
    for which in ("first", "again"):
        began = time.perf_counter()
        for version in listed:
            index.match(busiest, version)
        print(f"matching a page of 5,000 files of {busiest}, {which}: {(time.perf_counter() - began) * 1000:.1f} ms")


def measure_import(export: Path) -> None:
    """Print how long reading, comparing and packing an export take, and what they need at most."""
    before = resident()
    began, spent = time.perf_counter(), time.process_time()
    reading = osv.read_zip(export, at=AT)
    found = compare.plan({}, reading, full=True)
    index = AdvisoryIndex.of_parts(reading.parts())
    took, own = time.perf_counter() - began, time.process_time() - spent
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    needed = f"{took:.2f} s (processor {own:.2f} s), {most:.0f} MB above {before:.0f} MB"
    print(f"import of {len(found.puts)} records: {needed}")
    began = time.perf_counter()
    AdvisoryIndex.from_packed(index.packed)
    print(f"index of {len(index.packed)} projects from packed: {(time.perf_counter() - began) * 1000:.1f} ms")


def records(export: Path) -> Iterator[Advisory]:
    """Yield every record of an export."""
    return osv.read_zip(export, at=AT).advisories()


def multiplied(exports: list[Path], count: int) -> bytes:
    """Return an export of ``count`` records: those given, again and again under other ids and names."""
    texts = [
        archive.read(name) for path in exports for archive in [zipfile.ZipFile(path)] for name in archive.namelist()
    ]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            record = json.loads(texts[number % len(texts)])
            turn = number // len(texts)
            record["id"] += f"-{turn}"
            for entry in record["affected"]:
                entry["package"]["name"] += f"-{turn}" if turn else ""
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return file.getvalue()


def resident() -> float:
    """Return the memory of this process that is in use now, in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def run(command: list[str], *, quiet: bool = False) -> str:
    """Run a command in this checkout and return what it printed, shown as well unless ``quiet``."""
    told = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    if not quiet:
        print(told, end="")
    return told


if __name__ == "__main__":
    main()
