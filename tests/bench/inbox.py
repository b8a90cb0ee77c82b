"""An inbox of ten thousand requests: how long its page, its API and decisions on a hundred at once take.

    python -m tests.bench.inbox [--requests N] [--again N]

Everything is made here: a gate in this process, a stand-in upstream beside it, and requests of two hundred people for
as many projects as there are requests. Times are of the wall, and of this process's processor, which holds the gate
and who asks it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
from packaging.utils import NormalizedName

from proxy.model import Actor, Ask, Change
from tests.policy.facts import AT
from tests.world.inside import House, house
from tests.world.person import SAME
from tests.world.upstream import Upstream

REQUESTS, AGAIN, AT_ONCE = 10_000, 10, 100
PEOPLE, ONE_COMMIT = 200, 500
SYSTEM = Actor("system", "system", "a benchmark", "system")


def name(number: int) -> NormalizedName:
    """The project of a request; no two look alike."""
    return NormalizedName(f"p{hashlib.sha256(str(number).encode()).hexdigest()[:12]}")


def asked(number: int) -> Ask:
    """One request of many."""
    by, at = f"10.0.0.{number % PEOPLE}", AT + timedelta(seconds=number)
    return Ask(f"ask:{number:016x}", name(number), ">=1" if number % 3 else "", by, f"for our service {number}", at)


def fill(gate: House, requests: int) -> None:
    """Put so many requests into the inbox."""
    for start in range(0, requests, ONE_COMMIT):
        asks = tuple(asked(number) for number in range(start, min(start + ONE_COMMIT, requests)))
        gate.gate.store.commit(Change("project:request:made", "", "a benchmark", asks, policy=False), SYSTEM, AT)


async def measured(what: str, ask: Callable[[], Awaitable[httpx.Response]], again: int) -> None:
    """Do something many times, and print how long it took."""
    walls, processor = list[float](), time.process_time()
    for _ in range(again):
        before = time.perf_counter()
        answer = await ask()
        walls.append((time.perf_counter() - before) * 1000)
        assert answer.is_success, answer.text
    spent = (time.process_time() - processor) * 1000 / again
    print(f"  {what:<44} median {statistics.median(walls):7.1f} ms   worst {max(walls):7.1f}   processor {spent:7.1f}")


async def measure(gate: House, requests: int, again: int) -> None:
    """Look at the inbox by page and API, from its beginning to its end, and decide on a hundred at once."""
    await gate.client.post("/admin/sign-in", data={"token": gate.token}, headers=SAME)
    await measured("the page", lambda: gate.client.get("/admin/inbox", headers=SAME), again)
    await measured("the first page of all", lambda: gate.client.get("/admin/", headers=SAME), again)
    await measured("the API, the first hundred", lambda: gate.asked("GET", "/inbox"), again)
    await measured("the API, the first thousand", lambda: gate.asked("GET", "/inbox?limit=1000"), again)
    last = await the_last(gate, requests)
    await measured("the API, the last page", lambda: gate.client.get(last, headers=gate_headers(gate)), again)

    def wishes(start: int) -> list[dict[str, str]]:
        return [{"requirement": name(number), "reason": "x"} for number in range(start, start + AT_ONCE)]

    seen = {"wishes": wishes(0), "dry_run": True}
    await measured("what approving a hundred would open", lambda: gate.asked("POST", "/inbox/approve", **seen), 3)
    starts = iter(range(0, 3 * AT_ONCE, AT_ONCE))
    await measured("approving a hundred", lambda: gate.asked("POST", "/inbox/approve", wishes=wishes(next(starts))), 3)
    later = iter(range(3 * AT_ONCE, 6 * AT_ONCE, AT_ONCE))

    def decline() -> Awaitable[httpx.Response]:
        start = next(later)
        projects = [name(number) for number in range(start, start + AT_ONCE)]
        return gate.asked("POST", "/inbox/decline", projects=projects, reason="x")

    await measured("declining a hundred", decline, 3)
    left = sum([len(page["requests"]) async for page in pages(gate)])
    assert left == requests - 6 * AT_ONCE, left


async def pages(gate: House) -> AsyncIterator[dict[str, list[object]]]:
    """Every page of the inbox, a thousand lines each."""
    url = "/admin/api/v1/inbox?limit=1000"
    while url:
        answer = await gate.client.get(url, headers=gate_headers(gate))
        yield answer.json()
        url = answer.links["next"]["url"] if "next" in answer.links else ""


async def the_last(gate: House, requests: int) -> str:
    """The address of the last hundred."""
    url = "/admin/api/v1/inbox?limit=1000"
    for _ in range(requests // 1000 - 1):
        url = (await gate.client.get(url, headers=gate_headers(gate))).links["next"]["url"]
    return url


def gate_headers(gate: House) -> dict[str, str]:
    """What the API wants to be told."""
    return {"authorization": f"Bearer {gate.token}"}


async def run(folder: Path, requests: int, again: int) -> None:
    """Make everything, and measure."""
    with Upstream() as index:
        for number in range(3 * AT_ONCE):
            index.release(name(number), "1.0")
        async with house(folder / "gate", index.url) as gate:
            fill(gate, requests)
            print(f"{requests:,} requests wait")
            await measure(gate, requests, again)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--again", type=int, default=AGAIN)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(run(Path(scratch), given.requests, given.again))


if __name__ == "__main__":
    main()
