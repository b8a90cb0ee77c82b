"""Prints the table: ``python -m tests.bench.speed [--only WORD] [--peers]``."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.advisories import multiplied
from tests.bench.speed import cold, peers, warm, world
from tests.bench.speed.load import write_answers
from tests.bench.speed.servers import PinnedGate, bare, upstream
from tests.bench.speed.warm import Row
from tests.world.forked import load_also

RATE = 50 << 20
ADVISORIES = 25_000
DATA = Path(__file__).parents[3] / "data"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rows whose name contains this word")
    parser.add_argument("--peers", action="store_true", help="proxpi and devpi as well, installed from PyPI")
    given = parser.parse_args()
    load_also("tests.bench.speed.each")
    with tempfile.TemporaryDirectory() as scratch, upstream() as fast:
        for row in _rows(Path(scratch), fast, given.only, with_peers=given.peers):
            figures = ", ".join(f"{name} {value}" for name, value in row.figures.items())
            verdict = "" if row.holds else "   NOT REACHED"
            print(f"{row.case:<58}{figures}\n{'':<58}{row.reached}  (to reach {row.goal}){verdict}", flush=True)


def _rows(scratch: Path, fast: str, only: str, *, with_peers: bool) -> Iterator[Row]:
    gate = approved_gate(scratch / "gate", fast)
    reached: list[float] = []
    groups: list[tuple[str, Callable[[], Iterator[Row]]]] = [
        ("warm", lambda: warm.rows(gate)),
        ("cold page", lambda: cold.pages(gate, fast)),
        ("memory", lambda: cold.memory(gate)),
        ("install", lambda: warm.installs(gate, fast)),
        ("mixed", lambda: _mixed(gate, scratch, reached)),
        ("start", lambda: cold.start(gate)),
    ]
    for name, measure in groups:
        if only in name:
            yield from measure()
    if gate.facts("audit", "search", "counted", "together")["decisions"]:
        raise RuntimeError("files were counted together: not every one was on the record by itself")
    gate.stop()
    if only in "cold file":
        with upstream(RATE) as slow:
            limited = approved_gate(scratch / "limited", slow, *world.COLD_FILES)
            yield from cold.files(limited, slow)
            limited.stop()
    if with_peers:
        yield from peers.rows(fast, scratch, reached)


def approved_gate(folder: Path, index: str, *names: str) -> PinnedGate:
    """Start a gate with a policy in force: these projects approved, and 25,000 advisories."""
    exports = [DATA / "advisories.zip"]
    large = folder.with_suffix(".zip")
    large.write_bytes(multiplied(exports, ADVISORIES))
    gate = PinnedGate(folder, f"{index}/simple/", "--advisories", str(large))
    gate.start()
    for name in names or world.SHAPES:
        _approve(gate, {"requirement": name, "reason": "a benchmark"})
    return gate


def _approve(gate: PinnedGate, approval: dict[str, Any]) -> None:
    """Approve a project. Names that are numbered resemble each other: say that they are meant."""
    answer = gate.admin("POST", "/approvals", json=approval)
    meant = answer.json().get("acknowledge") if answer.status_code == 409 else None
    if meant:
        answer = gate.admin("POST", "/approvals", json={**approval, "acknowledge": [meant]})
    if answer.is_error:
        raise RuntimeError(json.dumps(answer.json()))


def _mixed(gate: PinnedGate, scratch: Path, reached: list[float]) -> Iterator[Row]:
    """Measure the mixed load against a bare uvicorn that has the same answers ready made."""
    folder, paths = scratch / "mixed", cold.mixed_paths()
    answers = {
        f"{number}{'.gz' if path.endswith('/') else ''}": warm.answer(gate, path) for number, path in enumerate(paths)
    }
    write_answers(folder, answers)
    with bare(folder) as limit:
        yield from cold.mixed(gate, paths, [f"{limit}/{name}" for name in answers], reached)


if __name__ == "__main__":
    main()
