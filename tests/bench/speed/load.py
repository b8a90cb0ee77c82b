"""Load and clocks: ``wrk`` for many requests, threads for few large ones."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.bench.speed.servers import LOAD_CORE, pinned

_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Rate:
    """What a load came to: requests and megabytes a second, the 99th percentile in ms, and errors."""

    requests: float
    megabytes: float
    slow: float
    errors: int


def wrk(urls: Sequence[str], clients: int, seconds: float, headers: Sequence[str] = ("Accept-Encoding: gzip",)) -> Rate:
    """Ask for the URLs (of one server) in turn with so many connections. Raises SystemExit without wrk."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script([urlsplit(url).path for url in urls]))
        script.flush()
        parts = urlsplit(urls[0])
        words = ["-t1", f"-c{clients}", f"-d{seconds:g}s", "--latency", "-s", script.name]
        words += [word for header in headers for word in ("-H", header)]
        command = pinned(LOAD_CORE, ["wrk", *words, f"{parts.scheme}://{parts.netloc}/"])
        return _read(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _script(paths: Sequence[str]) -> str:
    listed = ", ".join(f'"{path}"' for path in paths)
    return f"""local paths = {{{listed}}}
local at = 0
request = function()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end"""


def _read(text: str) -> Rate:
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    moved = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?B)", text)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    if not (found and moved and slow):
        raise RuntimeError(f"wrk said something else: {text}")
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", text)))
    scale = {"B": 1e-6, "KB": 1e-3, "MB": 1.0, "GB": 1e3}[moved[2]]
    return Rate(float(found[1]), float(moved[1]) * scale, float(slow[1]) * _UNITS[slow[2]], errors)


@dataclass(frozen=True)
class Fetched:
    """One download: seconds to the first byte of the body and to the last, and how many bytes."""

    first: float
    total: float
    size: int


def fetch(url: str, client: httpx.Client | None = None) -> Fetched:
    """Download a URL and drop it. Raises httpx.HTTPError, also for a status that is no success."""
    asking = client or httpx.Client(trust_env=False, timeout=120)
    began, first, size = time.perf_counter(), 0.0, 0
    with asking.stream("GET", url) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw(1 << 20):
            first = first or time.perf_counter() - began
            size += len(piece)
    return Fetched(first, time.perf_counter() - began, size)


def curls(url: str, count: int) -> float:
    """Download a URL with so many clients at once, each a process of its own; return the seconds it took all."""
    command = pinned(LOAD_CORE, ["curl", "-sf", "-o", "/dev/null", url])
    began = time.perf_counter()
    running = [subprocess.Popen(command) for _ in range(count)]
    if any(process.wait() for process in running):
        raise RuntimeError(f"a download of {url} failed")
    return time.perf_counter() - began


def median(work: Callable[[], float], rounds: int) -> float:
    """Return the median of so many results."""
    return statistics.median(work() for _ in range(rounds))


def write_answers(folder: Path, answers: dict[str, bytes]) -> None:
    """Put ready answers into a folder, by name."""
    folder.mkdir()
    for name, content in answers.items():
        (folder / name).write_bytes(content)
