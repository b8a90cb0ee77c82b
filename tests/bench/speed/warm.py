"""What is in use already: pages, wheels and metadata beside the limits of the stack."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.speed import world
from tests.bench.speed.load import Rate, write_answers, wrk
from tests.bench.speed.servers import LOAD_CORE, PinnedGate, bare, nginx, pinned

ROUNDS = 3
SECONDS = 3.0
INSTALLS = 7
ASKING = ("Accept-Encoding: gzip", f"Accept: {world.JSON.decode()}")


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, each server's figure, the ratio to reach and the one reached."""

    case: str
    figures: Mapping[str, str]
    goal: str
    reached: str
    holds: bool


@dataclass(frozen=True)
class Case:
    """A load: its name, the answer's path at the gate, its name among the ready answers, clients and goal."""

    name: str
    path: str
    answer: str
    clients: int
    goal: float
    by_megabytes: bool = False

    def rate(self, load: Rate) -> float:
        """Return the figure that counts."""
        return load.megabytes if self.by_megabytes else load.requests


def cases() -> list[Case]:
    """Return the loads in the order of the table."""
    small = f"/files{world.path_of('small')}"
    return [
        Case("warm 50-file page, gzip, 32 clients, req/s", "/simple/page-50/", "page-50.gz", 32, 0.9),
        Case("warm 5,000-file page, gzip, 1 client, req/s", "/simple/page-5000/", "page-5000.gz", 1, 0.9),
        Case("warm 10 KB wheel, 32 clients, req/s", small, "small", 32, 0.6),
        Case("warm 50 MB wheel, 1 client, MB/s", f"/files{world.path_of('large')}", "large", 1, 0.9, True),
        Case(".metadata, 32 clients, req/s", f"{small}.metadata", "metadata", 32, 0.6),
    ]


def rows(gate: PinnedGate) -> Iterator[Row]:
    """Measure each load against the gate, a bare uvicorn and nginx, round by round in turn."""
    answers = {case.answer: answer(gate, case.path) for case in cases()}
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch) / "answers"
        write_answers(folder, answers)
        limit = stack.enter_context(bare(folder))
        static = stack.enter_context(nginx(folder, Path(scratch)))
        for case in cases():
            yield _row(case, gate.url, limit, static)


def answer(gate: PinnedGate, path: str) -> bytes:
    """Return the bytes of an answer as they go over the wire."""
    headers = dict(line.split(": ", 1) for line in ASKING)
    with httpx.stream("GET", gate.url + path, headers=headers, trust_env=False, timeout=60) as answer:
        answer.raise_for_status()
        return b"".join(answer.iter_raw())


def _row(case: Case, gate: str, limit: str, static: str | None) -> Row:
    urls = {"gate": gate + case.path, "bare uvicorn": f"{limit}/{case.answer}"}
    if static:
        urls["nginx"] = f"{static}/{case.answer}"
    found = _in_turn(case, urls)
    ratio = found["gate"] / found["bare uvicorn"]
    figures = {name: f"{value:,.0f}" for name, value in found.items()}
    return Row(case.name, figures, f">= {case.goal} x bare", f"{ratio:.2f} x", ratio >= case.goal)


def _in_turn(case: Case, urls: Mapping[str, str]) -> dict[str, float]:
    """Return the median figure of each server, measured round by round so that a slow minute hits all of them."""
    rounds = [
        {name: case.rate(wrk([url], case.clients, SECONDS, ASKING)) for name, url in urls.items()}
        for _ in range(ROUNDS)
    ]
    return {name: statistics.median(found[name] for found in rounds) for name in urls}


def installs(gate: PinnedGate, upstream: str) -> Iterator[Row]:
    """Install thirty packages with pip and with uv, through the gate and directly in turn; the first round warms up."""
    for name, goal in (("pip", 1.03), ("uv", 1.1)):
        indexes = {"gate": gate.index, "direct": f"{upstream}/simple/"}
        rounds = [{where: _install(name, index) for where, index in indexes.items()} for _ in range(INSTALLS + 1)]
        seconds = {where: statistics.median(found[where] for found in rounds[1:]) for where in indexes}
        ratio = seconds["gate"] / seconds["direct"]
        figures = {where: f"{value:.2f} s" for where, value in seconds.items()}
        yield Row(
            f"{name} install of 30 packages, warm", figures, f"<= {goal} x direct", f"{ratio:.2f} x", ratio <= goal
        )


def _install(installer: str, index: str) -> float:
    with tempfile.TemporaryDirectory() as home:
        words = ["--no-deps", "--target", f"{home}/here", "--index-url", index, *world.INSTALLED]
        program = {
            "pip": [sys.executable, "-m", "pip", "install", "-q", "--no-cache-dir", "--disable-pip-version-check"],
            "uv": [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-cache"],
        }[installer]
        before = os.times()
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        subprocess.run(pinned(LOAD_CORE, [*program, *words]), check=True, env=environment)
        return os.times().elapsed - before.elapsed
