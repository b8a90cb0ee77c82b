"""The audit over two million decisions: how fast groups are committed, and how long a search takes.

    python -m tests.bench.audit [--rows N] [--group N] [DIRECTORY]

Everything is made here, from a seed: 5,000 projects as popular as real ones, a thousand clients, one refusal in
ten. A group is what 50 ms bring: 32 clients that ask for two thousand files a second make groups of a hundred.
A directory that is given is kept, and used as it is when it holds a store already. A machine is rarely one's own:
beside the mean stands the quickest quarter of the groups, in time of the processor.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packaging.utils import NormalizedName

from proxy.model import DecisionRecord
from proxy.policy.notes import Signer
from proxy.store import DecisionFilter
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT

ROWS, GROUP, AGAIN = 2_000_000, 100, 40
APART = timedelta(seconds=4)
"""Between two records: two million fill three months."""
AGENTS = (
    "pip/26.3 CPython/3.11.7 CI",
    "uv/0.9.5 CPython/3.13.1",
    "pip/24.0 CPython/3.9.2",
    "poetry/2.2 CPython/3.12.4",
)
NOTHING = "two that never meet"
CODES = ("not-approved", "too-new", "vulnerable", "look-alike", "unknown-name", "malware")
WEIGHTS = (500, 200, 200, 50, 49, 1)


def made(chance: random.Random, number: int) -> DecisionRecord:
    """One decision of many."""
    project = NormalizedName(f"project-{int(chance.paretovariate(0.6)) % 5000}")
    version = f"{chance.randrange(4)}.{chance.randrange(12)}.0"
    refused = chance.random() < 0.1
    who = chance.randrange(1000)
    return DecisionRecord(
        at=AT + number * APART,
        what="file" if chance.random() < 0.7 else "page",
        client=f"10.0.{who % 4}.{who // 4}",
        token=("", "", "ci", "build-farm", f"team-{who % 40}")[who % 5],
        agent=AGENTS[who % 4],
        project=project,
        version=version,
        filename=f"{project.replace('-', '_')}-{version}-py3-none-any.whl",
        sha256=digest(project, version),
        status=403 if refused else 200,
        verdict="refused" if refused else "allowed",
        codes=tuple(chance.choices(CODES, WEIGHTS)) if refused else ("approved",),
        revision=number // 5000,
        request_id=f"ab12cd34{number:x}",
        channel="research" if who % 7 == 0 else "",
    )


@cache
def digest(project: str, version: str) -> str:
    """The digest of a project's file."""
    return hashlib.sha256(f"{project} {version}".encode()).hexdigest()


def groups(rows: int, size: int) -> Iterator[list[tuple[str, DecisionRecord]]]:
    """So many decisions in groups, each with an id as a gate gives it."""
    chance = random.Random(6)
    for start in range(0, rows, size):
        yield [(f"4711-ab12cd34-{n}", made(chance, n)) for n in range(start, min(start + size, rows))]


def fill(store: SqliteStore, rows: int, size: int) -> None:
    """Write everything in groups, timing the store alone."""
    spent: list[float] = []
    for done, group in enumerate(groups(rows, size), 1):
        before = time.process_time()
        store.record(group)
        spent.append((time.process_time() - before) / len(group) * 1e6)
        if len(spent) * size >= rows / 8:
            quick = statistics.quantiles(spent)[0]
            print(f"  {done * size:>9,} rows   a record {statistics.mean(spent):5.1f} µs, the quickest {quick:5.1f} µs")
            spent.clear()


def searches(rows: int) -> dict[str, DecisionFilter]:
    """A dozen questions that people ask, cheap and dear."""
    middle, day = AT + rows // 2 * APART, timedelta(days=1)
    return {
        "newest": DecisionFilter(),
        "a popular project": DecisionFilter(project="project-1"),
        "a rare project": DecisionFilter(project="project-4321"),
        "one client": DecisionFilter(client="10.0.1.7"),
        "one client's refusals": DecisionFilter(client="10.0.1.7", verdict="refused"),
        "a token, a version, a channel": DecisionFilter(token="ci", version="1.3.0", channel="research"),
        "malware": DecisionFilter(code="malware"),
        "look-alikes of a day": DecisionFilter(code="look-alike", since=middle, until=middle + day),
        "everything of an hour": DecisionFilter(since=middle, until=middle + timedelta(hours=1)),
        "a digest": DecisionFilter(sha256=digest("project-1", "1.3.0")),
        "words": DecisionFilter(text="project 1 3.11.0 uv 3.13.1"),
        "words of many": DecisionFilter(text="CPython 3.9.2 none any.whl", client="10.0.2.9"),
        "a request": DecisionFilter(text=f"ab12cd34{rows // 2:x}"),
        NOTHING: DecisionFilter(verdict="refused", code="approved"),
        "a page in the middle, upwards": DecisionFilter(project="project-2", after_seq=rows // 2),
    }


def search(store: SqliteStore, rows: int) -> None:
    """Ask everything many times: how long it took, and how much of that was the processor's."""
    every: list[float] = []
    slowest = 0.0
    for name, wanted in searches(rows).items():
        ask = partial(store.decisions, wanted)
        first, found = timed(ask), len(ask())
        assert bool(found) is (name != NOTHING), f"{name}: {found} found"
        before = time.process_time()
        times = [timed(ask) for _ in range(AGAIN)]
        spent = (time.process_time() - before) * 1000 / AGAIN
        every, slowest = every + times, max(slowest, spent)
        median, worst = statistics.median(times), statistics.quantiles(times, n=100)[98]
        timing = f"first {first:6.1f} ms   median {median:6.1f}   99 % {worst:6.1f}   processor {spent:6.1f}"
        print(f"  {name:<32} {found:>4} found   {timing}")
    whole = statistics.quantiles(every, n=100)[98]
    print(f"  all of them: 99 % within {whole:.1f} ms, of the processor {slowest:.1f} ms at the most")


def seal(store: SqliteStore, rows: int) -> None:
    """Seal everything at once, prove one record, and verify all."""
    signer = Signer(store.trail.instance, Ed25519PrivateKey.generate())
    took = timed(lambda: store.trail.seal("decisions", signer.sign, AT))
    proved = statistics.median(timed(partial(store.trail.prove, "decisions", n)) for n in range(1, rows, rows // 20))
    print(f"  sealing {rows:,} at once {took / 1000:.1f} s; a proof {proved:.1f} ms")
    verified = timed(lambda: list(store.verify(signer.trust)))
    print(f"  verifying everything {verified / 1000:.1f} s")


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    before = time.perf_counter()
    work()
    return (time.perf_counter() - before) * 1000


def measure(directory: Path, rows: int, size: int) -> None:
    """Fill what is empty, then measure."""
    store = SqliteStore(directory)
    if not store.trail.last("decisions"):
        fill(store, rows, size)
    rows = store.trail.last("decisions")
    print(f"{rows:,} decisions, {(directory / 'wicketgate.db').stat().st_size >> 20} MB")
    search(store, rows)
    seal(store, rows)
    store.close()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--group", type=int, default=GROUP)
    parser.add_argument("directory", nargs="?", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        directory = given.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        measure(directory, given.rows, given.group)


if __name__ == "__main__":
    main()
