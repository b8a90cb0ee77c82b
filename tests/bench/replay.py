"""Policy as code at size: 330,000 recorded decisions replayed, and a document of thousands of approvals.

    python -m tests.bench.replay

Prints three rows of figures (processor seconds of this process); everything is made here, from a seed.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from packaging.utils import NormalizedName

from admin.actions.replaying import grouped
from proxy.feeds.names import index_of, popular_names
from proxy.model import Approval, DecisionRecord, Entry, ProjectPage, ReleaseFile, Terms
from proxy.policy.document.comparing import compare, laid_over
from proxy.policy.document.exporting import export
from proxy.policy.document.reading import read
from proxy.policy.document.writing import write
from proxy.policy.replay import Replay, replay
from proxy.policy.snapshot import Names, PolicySnapshot
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, ORIGIN, approval, wheel

DECISIONS, PROJECTS, VERSIONS = 330_000, 600, 20
TAGS = ("cp311-cp311-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "py3-none-any")

Made = TypeVar("Made")


def world() -> tuple[PolicySnapshot, dict[str, ProjectPage]]:
    """Popular projects and others, all of them approved, with the pages that list them."""
    popular = popular_names()
    index = index_of(popular)
    names = Names(dict.fromkeys(popular, 1), popular=index, protected=index)
    projects = [*popular[: PROJECTS // 2], *(f"in-house-{number}" for number in range(PROJECTS // 2))]
    pages = {name: ProjectPage(NormalizedName(name), tuple(_files(name))) for name in projects}
    approvals = [_approved(NormalizedName(name), page) for name, page in pages.items()]
    return PolicySnapshot(names=names).amended([ORIGIN, *approvals], (), 1), pages


def _files(project: str) -> Iterator[ReleaseFile]:
    stem = project.replace("-", "_").replace(".", "_")
    for number in range(VERSIONS):
        for tag in TAGS:
            age = timedelta(days=20 * (VERSIONS - number))
            digest = f"{random.Random(f'{stem}{number}{tag}').getrandbits(256):064x}"
            filename = f"{stem}-1.{number}-{tag}.whl"
            yield wheel(f"1.{number}", stem, filename=filename, sha256=digest, upload_time=AT - age)


def _approved(project: NormalizedName, page: ProjectPage) -> Approval:
    return approval(*page.files, project=project, id=f"approval:{project}", specifier=">=1")


def demand(store: SqliteStore, pages: dict[str, ProjectPage]) -> None:
    """Record a month of downloads: few projects are wanted by many, many by few."""
    chance = random.Random(7)
    projects = list(pages.values())
    for start in range(0, DECISIONS, 5_000):
        store.record([(f"u{n}", _download(projects, chance, n)) for n in range(start, start + 5_000)])


def _download(pages: list[ProjectPage], chance: random.Random, number: int) -> DecisionRecord:
    page = pages[int(chance.paretovariate(0.6)) % len(pages)]
    file = chance.choice(page.files)
    client = f"10.0.{chance.randrange(4)}.{chance.randrange(250)}"
    return DecisionRecord(
        AT - timedelta(seconds=number * 7), "file", client, "ci", "pip/26.3",
        page.project, file.version, file.filename, file.sha256 or "", 200, "allowed", ("approved",), 1, f"r{number}",
    )  # fmt: skip


def main() -> None:
    """Print the figures."""
    policy, pages = world()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        demand(store, pages)
        summed, lines = _timed(lambda: store.wanted(AT - timedelta(days=30)))
        store.close()
    print(f"summing up {DECISIONS} decisions     {summed:5.2f} s, {len(lines)} lines")
    stricter: list[Entry] = [Terms(minimum_age=timedelta(days=90))]
    after = policy.amended(stricter, (), 2)

    by_project = grouped(lines)

    def replayed() -> Replay:
        found = (replay(name, some, pages[name], policy, after, AT) for (name, _), some in by_project.items())
        return Replay.of(item for items in found for item in items)

    judged, found = _timed(replayed)
    print(f"judging them under two policies     {judged:5.2f} s, {len(found.breaks)} would be refused")
    document = export(policy)
    written, text = _timed(lambda: write(document))
    took, again = _timed(lambda: read(text))
    compared, steps = _timed(lambda: compare(document, laid_over(document, replace(again, terms=document.terms))))
    files = sum(len(entry.files) for entry in document.approvals)
    print(
        f"a document of {files} files, {len(text) / 1e6:.1f} MB: "
        f"written in {written:.2f} s, read in {took:.2f} s, compared in {compared:.2f} s ({len(steps)} steps)"
    )


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    before = time.process_time()
    made = work()
    return time.process_time() - before, made


if __name__ == "__main__":
    main()
