"""What hostility costs a gate: memory above idle, and how long somebody else waits for what is cached.

    python -m tests.bench.hostile            # everything; ten minutes
    python -m tests.bench.hostile names slow # some of it

Bounds: 300 MB above idle, one second for whoever asks for a cached page or file meanwhile, 4 kB of disk and 50 ms of
processor time for a name that nobody knows, nothing wrong kept, no fault of our own. Exits 1 where one does not hold.
"""

from __future__ import annotations

import resource
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from proxy.feeds.names import popular_names
from tests.world.bombs import BOMBS
from tests.world.gatehouse import Gatehouse
from tests.world.hostile import MEMORY_AT_MOST, Meanwhile, asked, disk, peak, processor, queued, resident, sound
from tests.world.upstream import Answer, Listed, Upstream

NAMES = 100_000
SLOW = 10_000
READERS = 300
CROWD = 5_000
LINES_OF_ONE_ADDRESS = 5_000
WAIT = 1.0
TURN_AND_PAGE = 36.0
"""Seconds: fifteen for a page's turn (:mod:`proxy.upstream.arrivals`), twenty for the page, and what asking takes."""


@contextmanager
def scene(*options: str) -> Iterator[tuple[Gatehouse, Upstream, Listed]]:
    """A gate with an approved and cached file of 3 MB, a while after its start."""
    with TemporaryDirectory() as folder, Upstream() as index:
        wheel = index.release("flask", "3.0.0", padding=3_000_000)
        gate = Gatehouse(Path(folder) / "gate", index.url, *options).start()
        try:
            gate.approve("flask")
            assert gate.get(f"/files{wheel.path}").content == wheel.content
            time.sleep(3)  # the admin and the list of names are loaded by now
            yield gate, index, wheel
        finally:
            gate.stop()


def measured(name: str, work: Callable[[Gatehouse, Upstream, Listed], str]) -> bool:
    """Do it, print its figures, and return whether they are within bounds."""
    with scene() as (gate, index, wheel):
        wanted = [("/simple/flask/", wheel.filename.encode()), (f"/files{wheel.path}", wheel.content)]
        idle, began = resident(gate), time.monotonic()
        with Meanwhile(gate, wanted) as other:
            more = work(gate, index, wheel)
            seconds = time.monotonic() - began
        above = peak(gate) - idle
        sound(gate)
        good = above < MEMORY_AT_MOST and other.worst < WAIT and not other.wrong
        memory = f"{above >> 20:4} MiB above idle ({idle >> 20})"
        waited = f"others waited {other.worst:.2f} s at the most in {other.answers} answers, {len(other.wrong)} wrong"
        print(f"{'ok' if good else 'NO':3} {name:20} {memory}, {waited}; {seconds:.0f} s. {more}", flush=True)
        return good


def popular() -> list[str]:
    """Return forty names that a gate asks its upstream for, whoever approved them or not."""
    return list(islice((name for name in popular_names() if name != "flask"), 40))


def bombs(kinds: list[str]) -> Callable[[Gatehouse, Upstream, Listed], str]:
    """Every page of forty popular projects is a bomb, and all are asked for at once."""

    def work(gate: Gatehouse, index: Upstream, _wheel: Listed) -> str:
        projects = popular()
        for project, kind in zip(projects, cycle(kinds), strict=False):
            index.misbehave(f"/simple/{project}/", BOMBS[kind](project))

        def ask(project: str) -> int:
            return httpx.get(f"{gate.url}/simple/{project}/", trust_env=False, timeout=300).status_code

        with ThreadPoolExecutor(len(projects)) as pool:
            statuses = list(pool.map(ask, projects))
        return f"Statuses: { {status: statuses.count(status) for status in sorted(set(statuses))} }"

    return work


def drips(gate: Gatehouse, index: Upstream, _wheel: Listed) -> str:
    """Forty pages arrive byte by byte: each is given up after its time, and waited for its turn before that."""
    projects = popular()
    for project in projects:
        index.misbehave(f"/simple/{project}/", Answer(body=b"{" + b" " * 1_000_000, drip=0.05))

    def ask(project: str) -> tuple[int, float]:
        began = time.monotonic()
        answer = httpx.get(f"{gate.url}/explain/{project}", trust_env=False, timeout=60)
        return answer.status_code, time.monotonic() - began

    with ThreadPoolExecutor(len(projects)) as pool:
        answers = list(pool.map(ask, projects))
    statuses, longest = [status for status, _ in answers], max(seconds for _, seconds in answers)
    assert longest < TURN_AND_PAGE
    return f"Statuses: { {status: statuses.count(status) for status in sorted(set(statuses))} }, after {longest:.0f} s"


def names(gate: Gatehouse, _index: Upstream, _wheel: Listed) -> str:
    """Ask for names that nobody knows, one after the other."""
    kept, used = disk(gate), processor(gate)
    for start in range(0, NAMES, 1000):
        asked(gate.port, [b"/simple/made-up-name-%d/" % number for number in range(start, start + 1000)])
    space, cost = (disk(gate) - kept) / NAMES, (processor(gate) - used) / NAMES
    assert space < 4096
    assert cost < 0.05
    records = gate.facts("audit", "verify")["decisions"]
    return (
        f"{NAMES} names: {space:.0f} bytes of disk, {1000 * cost:.2f} ms each (with those who ask meanwhile); {records}"
    )


def slow(gate: Gatehouse, _index: Upstream, _wheel: Listed) -> str:
    """Open connections that send a byte now and then."""
    with ExitStack() as lines:
        opened = []
        for number in range(SLOW):
            line = lines.enter_context(socket.socket())
            line.bind((f"127.0.0.{2 + number // LINES_OF_ONE_ADDRESS}", 0))
            line.connect(("127.0.0.1", gate.port))
            line.sendall(b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\n")
            opened.append(line)
        descriptors = len(list(Path(f"/proc/{gate.process_id}/fd").iterdir()))
        for _ in range(3):
            time.sleep(1)
            for line in opened:
                line.sendall(b"X")
        time.sleep(25)  # by then their heads have taken too long
        left = len(list(Path(f"/proc/{gate.process_id}/fd").iterdir()))
    return f"{SLOW} slow connections: {descriptors} descriptors while they sent, {left} later"


def readers(count: int) -> Callable[[Gatehouse, Upstream, Listed], str]:
    """Ask for a large file and take none of it."""

    def work(gate: Gatehouse, _index: Upstream, wheel: Listed) -> str:
        before = queued(gate)
        with ExitStack() as lines:
            for number in range(count):
                line = lines.enter_context(socket.socket())
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                line.bind((f"127.0.0.{2 + number // LINES_OF_ONE_ADDRESS}", 0))
                line.connect(("127.0.0.1", gate.port))
                line.sendall(f"GET /files{wheel.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            time.sleep(5)
            kept = queued(gate) - before
        return f"{count} who read nothing; the system keeps {kept >> 20} MiB for them"

    return work


SCENES: dict[str, Callable[[Gatehouse, Upstream, Listed], str]] = {
    **{kind: bombs([kind]) for kind in BOMBS if kind not in {"endless", "huge"}},
    "every bomb": bombs(list(BOMBS)),
    "drips": drips,
    "names": names,
    "slow": slow,
    "readers": readers(READERS),
    "crowd": readers(CROWD),
}


def main() -> None:
    """Run what was asked for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    chosen = sys.argv[1:] or list(SCENES)
    results = [measured(name, SCENES[name]) for name in chosen]
    raise SystemExit(not all(results))


if __name__ == "__main__":
    main()
