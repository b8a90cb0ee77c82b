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
from tests.bench.speed.load import median, wrk
from tests.bench.speed.servers import process
from tests.bench.speed.warm import ASKING, ROUNDS, SECONDS, Row
from tests.world.gatehouse import free_port

WANTED = {"proxpi": ("proxpi", "waitress"), "devpi": ("devpi-server", "devpi-web", "devpi-constrained", "devpi-client")}


def rows(upstream: str, scratch: Path) -> Iterator[Row]:
    """Measure warm pages and a warm wheel of each peer."""
    for name, serve in (("proxpi", _proxpi), ("devpi", _devpi)):
        binaries = _installed(name, scratch)
        with serve(binaries, upstream, scratch) as index:
            yield from _measured(name, index)


def _measured(name: str, index: str) -> Iterator[Row]:
    paths = [("warm 50-file page, 32 clients, req/s", f"{index}/page-50/", 32)]
    paths.append(("warm 5,000-file page, 1 client, req/s", f"{index}/page-5000/", 1))
    paths.append(("warm 10 KB wheel, 32 clients, req/s", _file(index), 32))
    for case, url, clients in paths:
        rate = median(lambda url=url, n=clients: wrk([url], n, SECONDS, ASKING).requests, ROUNDS)  # type: ignore[misc]
        yield Row(case, {name: f"{rate:,.0f}"}, "-", "-", True)


def _file(index: str) -> str:
    """Return the address that a peer's own page gives for the small wheel."""
    page = httpx.get(f"{index}/small/", headers={"accept": "text/html"}, trust_env=False, timeout=60)
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
def _proxpi(binaries: Path, upstream: str, _scratch: Path) -> Iterator[str]:
    port = free_port()
    settings = [f"PROXPI_INDEX_URL={upstream}/simple/", "PROXPI_LOGGING_LEVEL=ERROR"]
    serve = [str(binaries / "waitress-serve"), f"--listen=127.0.0.1:{port}", "--threads=16", "proxpi.server:app"]
    with process(["env", *settings, *serve], f"http://127.0.0.1:{port}/") as url:
        yield f"{url}/index"


@contextmanager
def _devpi(binaries: Path, upstream: str, scratch: Path) -> Iterator[str]:
    port, data = free_port(), str(scratch / "devpi-data")
    subprocess.run([str(binaries / "devpi-init"), "--serverdir", data], check=True, capture_output=True)
    serve = [str(binaries / "devpi-server"), "--serverdir", data, "--port", str(port)]
    with process(serve, f"http://127.0.0.1:{port}/+api") as address:
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
