"""What nobody asked for yet, and what many ask for at once."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator

import httpx

from tests.bench.speed import world
from tests.bench.speed.load import Fetched, curls, fetch, wrk
from tests.bench.speed.servers import PinnedGate
from tests.bench.speed.warm import ASKING, Row

CLIENTS = 50
MANY = 20
MIXED_CLIENTS, MIXED_SECONDS = 64, 60.0
MIXED_PAGES = ["page-50", "page-5000", *world.INSTALLED]


def pages(gate: PinnedGate, upstream: str) -> Iterator[Row]:
    """Ask for cold pages, here and at the upstream, and see how long others wait meanwhile."""
    gate.forget()
    with httpx.Client(trust_env=False, headers=dict(line.split(": ", 1) for line in ASKING)) as client:
        fetch(f"{gate.url}/simple/page-50/", client)
        fetch(f"{upstream}/simple/page-50/", client)
        here = statistics.median(fetch(f"{gate.url}/simple/{name}/", client).total for name in world.COLD_PAGES)
        there = statistics.median(fetch(f"{upstream}/simple/{name}/", client).total for name in world.COLD_PAGES)
        more = (here - there) * 1000
        figures = {"gate": f"{here * 1000:.1f} ms", "direct": f"{there * 1000:.1f} ms"}
        yield Row("cold page of 50 files, over asking directly", figures, "<= + 3 ms", f"+ {more:.1f} ms", more <= 3)
        yield _huge(gate, client)


def _huge(gate: PinnedGate, client: httpx.Client) -> Row:
    waits: list[float] = []
    ended = threading.Event()

    def others() -> None:
        with httpx.Client(trust_env=False) as other:
            while not ended.is_set():
                waits.append(fetch(f"{gate.url}/simple/page-50/", other).total * 1000)

    asking = threading.Thread(target=others)
    asking.start()
    took = statistics.median(fetch(f"{gate.url}/simple/{name}/", client).total for name in world.HUGE_PAGES) * 1000
    ended.set()
    asking.join()
    figures = {"gate": f"{took:.0f} ms", "others wait at most": f"{max(waits):.0f} ms"}
    goal = "<= 90 ms, others <= 20 ms"
    return Row(
        "cold page of 6,000 files", figures, goal, f"{took:.0f} / {max(waits):.0f} ms", took <= 90 and max(waits) <= 20
    )


def files(gate: PinnedGate, upstream: str) -> Iterator[Row]:
    """Ask for a cold 50 MB file that the upstream sends at 50 MB/s: alone, then with fifty clients."""
    gate.forget()
    crowd, *alone = world.COLD_FILES
    direct = _middle([fetch(upstream + world.path_of(name)) for name in alone])
    for name in world.COLD_FILES:
        fetch(f"{gate.url}/simple/{name}/")
    here = _middle([fetch(f"{gate.url}/files{world.path_of(name)}") for name in alone])
    first, total = here.first / direct.first, here.total / direct.total
    figures = {
        "gate": f"{here.first * 1000:.0f} ms / {here.total:.2f} s",
        "direct": f"{direct.first * 1000:.0f} ms / {direct.total:.2f} s",
    }
    reached = f"{first:.2f} x / {total:.2f} x"
    yield Row(
        "cold 50 MB file: first byte / total", figures, "<= 1.2 x / <= 1.03 x", reached, first <= 1.2 and total <= 1.03
    )
    path = world.path_of(crowd)
    before = int(httpx.get(f"{upstream}/asked{path}", trust_env=False).text)
    together = curls(f"{gate.url}/files{path}", CLIENTS)
    asked = int(httpx.get(f"{upstream}/asked{path}", trust_env=False).text) - before
    wall = together / direct.total
    figures = {"gate": f"{together:.2f} s", "direct, one client": f"{direct.total:.2f} s"}
    reached = f"{asked} / {wall:.2f} x"
    yield Row(
        f"{CLIENTS} clients, same cold 50 MB file", figures, "1 request / <= 1.4 x", reached, asked == 1 and wall <= 1.4
    )


def _middle(downloads: list[Fetched]) -> Fetched:
    """Return the medians of some downloads."""
    first, total = (
        statistics.median(seconds) for seconds in zip(*((d.first, d.total) for d in downloads), strict=True)
    )
    return Fetched(first, total, downloads[0].size)


def memory(gate: PinnedGate) -> Iterator[Row]:
    """Send a 50 MB file to twenty clients at once and watch the memory."""
    url = f"{gate.url}/files{world.path_of('large')}"
    fetch(url)
    idle, most, ended = gate.resident, [0], threading.Event()

    def watch() -> None:
        while not ended.is_set():
            most[0] = max(most[0], gate.resident)
            time.sleep(0.005)

    watching = threading.Thread(target=watch)
    watching.start()
    curls(url, MANY)
    ended.set()
    watching.join()
    more = (most[0] - idle) / 2**20
    yield Row(
        f"{MANY} clients, 50 MB files: memory", {"gate": f"+ {more:.0f} MB"}, "<= 40 MB", f"{more:.0f} MB", more <= 40
    )


def mixed_paths() -> list[str]:
    """Return the paths of the mixed load: pages small and large, small wheels and their metadata."""
    pages = [f"/simple/{name}/" for name in MIXED_PAGES]
    return pages + [f"/files{world.path_of(name)}{end}" for name in world.INSTALLED for end in ("", ".metadata")]


def mixed(gate: PinnedGate, paths: list[str], limit: list[str], seen: list[float]) -> Iterator[Row]:
    """Ask for everything in turn, from many clients for a minute; ``limit`` are the same answers, ready made.

    What the gate reached (requests a second) is added to ``seen``.
    """
    here = wrk([gate.url + path for path in paths], MIXED_CLIENTS, MIXED_SECONDS, ASKING)
    there = wrk(limit, MIXED_CLIENTS, MIXED_SECONDS / 6, ASKING)
    seen.append(here.requests)
    figures = {
        "gate": f"{here.requests:,.0f} req/s, {here.slow:.0f} ms, {here.errors} errors",
        "bare uvicorn": f"{there.requests:,.0f} req/s, {there.slow:.0f} ms",
    }
    ratio = here.requests / there.requests
    good = here.slow <= 100 and here.errors == 0
    yield Row(f"mixed load, {MIXED_CLIENTS} clients", figures, "99 % <= 100 ms, 0 errors", f"{ratio:.2f} x bare", good)


def start(gate: PinnedGate) -> Iterator[Row]:
    """Stop the gate and start it: seconds until its first page is served."""

    def once() -> float:
        gate.stop()
        began = time.perf_counter()
        gate.begin()
        gate.until_answered("/simple/page-50/")
        return time.perf_counter() - began

    took = statistics.median(once() for _ in range(5))
    figures = {"gate": f"{took:.2f} s"}
    goal = "<= 1.0 s"
    yield Row("start to first page (25,000 advisories, 15,000 names)", figures, goal, f"{took:.2f} s", took <= 1.0)
