"""The peers, where they are asked for: proxpi (the fastest in Python) and devpi (the nearest in purpose).

They are installed from PyPI into an environment of their own, serve the same upstream on the same core, and are asked
for the same pages and files. devpi lists only what its constraints allow, as a gate does.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from tests.bench.speed import world
from tests.bench.speed.cold import MIXED_CLIENTS, MIXED_PAGES, MIXED_SECONDS
from tests.bench.speed.load import median, wrk
from tests.bench.speed.servers import process
from tests.bench.speed.warm import ASKING, ROUNDS, SECONDS, Row
from tests.world.gatehouse import free_port

WANTED = {"proxpi": ("proxpi", "waitress"), "devpi": ("devpi-server", "devpi-web", "devpi-constrained", "devpi-client")}


def rows(upstream: str, scratch: Path, mixed: list[float]) -> Iterator[Row]:
    """Measure warm pages, a warm wheel and the mixed load of each peer.

    ``mixed`` are the gate's own requests a second under that load, none where that was not measured.
    """
    for name, serve in (("proxpi", _proxpi), ("devpi", _devpi)):
        binaries = _installed(name, scratch)
        with serve(binaries, upstream, scratch) as index:
            yield from _measured(name, index)
            yield _mixed(name, index, mixed)


def _mixed(name: str, index: str, mixed: list[float]) -> Row:
    """Ask for pages and wheels in turn, as the gate was asked (peers have no ``.metadata`` to speak of)."""
    pages = [f"{index}/{project}/" for project in MIXED_PAGES]
    files = [_file(index, project) for project in world.INSTALLED]
    for url in files:
        httpx.get(url, trust_env=False, timeout=60).raise_for_status()
    load = wrk([*pages, *files], MIXED_CLIENTS, MIXED_SECONDS / 6, ASKING)
    figures = {name: f"{load.requests:,.0f} req/s, {load.slow:,.0f} ms, {load.errors} errors"}
    ratio = mixed[0] / load.requests if mixed else 0.0
    reached = f"gate {ratio:.1f} x {name}" if mixed else "-"
    goal = ">= 15 x proxpi" if name == "proxpi" else "-"
    return Row(f"mixed load, {MIXED_CLIENTS} clients", figures, goal, reached, not mixed or goal == "-" or ratio >= 15)


def _measured(name: str, index: str) -> Iterator[Row]:
    paths = [("warm 50-file page, 32 clients, req/s", f"{index}/page-50/", 32)]
    paths.append(("warm 5,000-file page, 1 client, req/s", f"{index}/page-5000/", 1))
    paths.append(("warm 10 KB wheel, 32 clients, req/s", _file(index, "small"), 32))
    for case, url, clients in paths:
        rate = median(lambda url=url, n=clients: wrk([url], n, SECONDS, ASKING).requests, ROUNDS)  # type: ignore[misc]
        yield Row(case, {name: f"{rate:,.0f}"}, "-", "-", True)


def _file(index: str, project: str) -> str:
    """Return the address that a peer's own page gives for a project's wheel."""
    page = httpx.get(f"{index}/{project}/", headers={"accept": "text/html"}, trust_env=False, timeout=60)
    found = re.search(r'href="([^"#]+\.whl)', page.text)
    if found is None:
        raise RuntimeError(f"{index} lists no wheel")
    return urljoin(str(page.url), str(found[1]))


def _installed(name: str, scratch: Path) -> Path:
    folder = scratch / name
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", str(folder)], check=True)
    words = ["uv", "pip", "install", "-q", "--python", str(folder / "bin" / "python"), *WANTED[name]]
    subprocess.run([sys.executable, "-m", *words], check=True)
    return folder / "bin"


@contextmanager
def _proxpi(binaries: Path, upstream: str, scratch: Path) -> Iterator[str]:
    port = free_port()
    settings = [f"PROXPI_INDEX_URL={upstream}/simple/", "PROXPI_LOGGING_LEVEL=ERROR"]
    serve = [str(binaries / "waitress-serve"), f"--listen=127.0.0.1:{port}", "--threads=16", "proxpi.server:app"]
    with process(["env", *settings, *serve], f"http://127.0.0.1:{port}/", log=scratch / "proxpi.log") as url:
        yield f"{url}/index"


@contextmanager
def _devpi(binaries: Path, upstream: str, scratch: Path) -> Iterator[str]:
    port, data = free_port(), str(scratch / "devpi-data")
    begin = [str(binaries / "devpi-init"), "--no-root-pypi", "--serverdir", data]
    subprocess.run(begin, check=True, capture_output=True)
    serve = [str(binaries / "devpi-server"), "--serverdir", data, "--port", str(port)]
    with process(serve, f"http://127.0.0.1:{port}/+api", log=scratch / "devpi.log") as address:
        url = address.removesuffix("/+api")
        client = [str(binaries / "devpi"), "--clientdir", str(scratch / "devpi-client")]
        allowed = "\n".join([*(f"{name}" for name in world.SHAPES), "*"])
        for words in (
            ["use", url],
            ["login", "root", "--password", ""],
            ["index", "-c", "up", "type=mirror", f"mirror_url={upstream}/simple/"],
            ["index", "-c", "gate", "type=constrained", "bases=root/up", f"constraints={allowed}"],
        ):
            subprocess.run([*client[:1], words[0], *client[1:], *words[1:]], check=True, capture_output=True)
        yield f"{url}/root/gate/+simple"
