"""What a page of 5,000 files costs to judge with every rule on: ``python -m tests.bench.judging``.

Prints, for a page whose files are pinned and one that a standing approval opens, the median milliseconds of
wall clock and of this process's own time: when the page is judged first, when it is judged again after an
unrelated change, when it was read anew and says the same, and when one version is new on it. What was seen before
should stay under 10 ms. Nothing here is a test.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from packaging.utils import NormalizedName

from proxy.model import Advisory, Affected, Approval, ProjectPage, Terms
from proxy.policy.listing import compose
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot
from proxy.serving import calm_collector
from tests.policy.facts import AT, FLASK, ORIGIN, approval, wheel

FILES, ROUNDS = 5_000, 21
OURS = "GitHub:pallets/flask"
TERMS = Terms(
    ages={"flask": timedelta(days=3)},
    fixes="pass",
    freeze=AT - timedelta(days=1),
    licences=("MIT", "Apache-2.0"),
    provenance=("fl*",),
    publishers={"flask": OURS},
)
AFFECTED = Affected(FLASK, tuple(f"1.{n}.0" for n in range(0, 250, 3)), ())
ADVISORIES = AdvisoryIndex.of([Advisory(f"PYSEC-2026-{n}", AT, (AFFECTED,)) for n in range(20)])


def show(name: str, work: Callable[[], object]) -> None:
    """Print one line of the table."""
    wall, own = [], []
    for _ in range(ROUNDS):
        before, spent = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - before)
        own.append(time.process_time() - spent)
    print(f"  {name:<40} {statistics.median(wall) * 1000:8.2f} ms   {statistics.median(own) * 1000:8.2f} ms of its own")


def show_page(name: str, granted: Approval, page: ProjectPage) -> None:
    """Print what one page costs."""
    policy = replace(PolicySnapshot().amended((ORIGIN, TERMS, granted), (), 1), advisories=ADVISORIES)
    other = approval(wheel(project="numpy"), project=NormalizedName("numpy"), id="other")
    moved = policy.amended((other,), (), 2)
    before = compose(FLASK, page, policy, AT)
    anew = replace(page, files=tuple(replace(file) for file in page.files))
    longer = replace(page, files=(*anew.files, replace(wheel("2.0"), sha256="f" * 64, licence="MIT", publisher=OURS)))
    print(f"{name}: {len(page.files)} files, {len(before.allowed)} of them allowed")
    show("judged for the first time", lambda: compose(FLASK, page, policy, AT))
    show("again, after an unrelated change", lambda: compose(FLASK, page, moved, AT, before=before))
    show("again, from a page that was read anew", lambda: compose(FLASK, anew, moved, AT, before=before))
    show("again, with one version that is new", lambda: compose(FLASK, longer, moved, AT, before=before))


def main() -> None:
    """Print the table, with the garbage collector as the gate has it."""
    calm_collector()
    facts = {"licence": "MIT OR GPL-3.0-only", "publisher": OURS}
    files = tuple(wheel(f"1.{n // 20}.{n % 20}", sha256=f"{n:064x}", **facts) for n in range(FILES))
    page = ProjectPage(FLASK, files)
    show_page("pinned", approval(*files), page)
    show_page("standing", approval(specifier=">=1", standing=True), page)


if __name__ == "__main__":
    main()
