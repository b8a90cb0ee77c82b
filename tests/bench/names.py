"""Prints the figures of look-alike recognition over a data folder: ``python -m tests.bench.names FOLDER``.

FOLDER holds ``positives.csv``, ``negatives.csv`` and ``popular-projects.csv``. With ``--folds FILE`` (written by
``tests.bench.train_names``) every pair is weighed by the model that never saw its target: the honest table.
:func:`detect` is what a scoring tool drives.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from proxy.feeds.names import similarity_model, words
from proxy.policy.similarity import MILD, Model, NameIndex

ROUNDS = 8
Answer = tuple[float, bool, str | None]
"""A score, whether it blocks, and the target."""
LIMITS: dict[int, dict[str, float]] = {
    5_000: {"rank5001-15000": 1.0, "tail2020": 0.4, "within-top5000": 1.5},
    500: {"rank5001-15000": 1.0, "tail2020": 0.4},
}
GOALS: dict[int, dict[str, float]] = {
    5_000: {
        "all": 87,
        "not from a rule": 94,
        "mean over targets": 74,
        "combosquat": 30,
        "right target of flagged": 99.5,
    },
    500: {"all": 88, "not from a rule": 95},
}


def detect(names: Iterator[str], reference: str) -> Iterator[dict[str, Any]]:
    """Answer for every name, one at a time, against a file ``rank,project,downloads``."""
    popular = [row["project"] for row in rows(Path(reference))]
    index = NameIndex.build(popular, popular, similarity_model(), words())
    for name in names:
        found = index.look(name)
        yield {"name": name, "suspicious": found.level == "block", "target": found.target, "score": found.score}


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def held_out(models: list[Model], index: NameIndex, name: str) -> Answer:
    """Answer as ``look`` does, every pair weighed by the model that was trained without its target."""
    if name in index.known:
        return 0.0, False, None
    block, found = models[0].block, list[tuple[bool, float, str | None]]()
    for pair in index.compared(name):
        score = index.probability(pair, models[crc32(pair.target.encode()) % len(models)])
        found.append((score >= block and pair.mechanism not in MILD, score, pair.target))
    blocked, score, target = max(found, default=(False, 0.0, None))
    return score, blocked, target


def shipped(index: NameIndex, name: str) -> Answer:
    """Answer as the product does."""
    found = index.look(name)
    return found.score, found.level == "block", found.target


def answers(
    folder: Path, top: int, model: Model, answer: Callable[[NameIndex, str], Answer]
) -> tuple[list[tuple[dict[str, str], Answer]], dict[str, list[tuple[str, Answer]]]]:
    """Return what is answered for every positive and for every set of negatives."""
    positives, negatives = rows(folder / "positives.csv"), rows(folder / "negatives.csv")
    popular = [row["project"] for row in rows(folder / "popular-projects.csv")]
    wanted = {row["target"] for row in positives}
    reference = [name for place, name in enumerate(popular) if place < top or name in wanted]
    index = NameIndex.build(reference, reference, model, words())
    caught = [(row, answer(index, row["name"])) for row in positives if row["name"] not in index.known]
    sets: dict[str, list[tuple[str, Answer]]] = defaultdict(list)
    for fold in sorted({row["fold"] for row in negatives}):
        here = [row for row in negatives if row["fold"] == fold]
        gone = {row["name"] for row in here} if fold else set()
        left = [name for name in reference if name not in gone]
        held = NameIndex.build(left, left, model, words()) if fold else index
        for row in here:
            if row["name"] not in held.known:
                sets[row["set"]].append((row["name"], answer(held, row["name"])))
    return caught, sets


def figures(caught: list[tuple[dict[str, str], Answer]]) -> dict[str, float]:
    """Return recall in per cent: all, not from a rule, by target, combosquats, and how often the target was right."""
    by_target, blocked = defaultdict(list), [(row, hit, target) for row, (_, hit, target) in caught]
    for row, hit, _ in blocked:
        by_target[row["target"]].append(hit)
    right = [target in {row["target"], *row["alt"].split("|")} for row, hit, target in blocked if hit]
    shares: dict[str, Sequence[float]] = {
        "all": [hit for _, hit, _ in blocked],
        "not from a rule": [hit for row, hit, _ in blocked if row["tier"] != "derived"],
        "mean over targets": [statistics.fmean(hits) for hits in by_target.values()],
        "combosquat": [hit for row, hit, _ in blocked if row["mechanism"] == "combosquat"],
        "right target of flagged": right or [False],
    }
    return {name: 100 * statistics.fmean(values) for name, values in shares.items()}


def table(folder: Path, top: int, model: Model, answer: Callable[[NameIndex, str], Answer]) -> None:
    """Print the figures with ``top`` reference names."""
    caught, sets = answers(folder, top, model, answer)
    print(f"\nreference of {top} names and the lower-ranked targets, block at {model.block}")
    for name, limit in LIMITS[top].items():
        flagged = sum(hit for _, (_, hit, _) in sets[name])
        print(f"  false alarms {name:24}{100 * flagged / len(sets[name]):7.2f} %   to reach <= {limit}")
    for name, value in figures(caught).items():
        print(f"  {name:37}{value:7.2f} %   to reach >= {GOALS[top].get(name, '-')}")
    by_mechanism = defaultdict(list)
    for row, (_, hit, _) in caught:
        by_mechanism[row["mechanism"]].append(hit)
    print("  " + ", ".join(f"{name} {sum(hits)}/{len(hits)}" for name, hits in by_mechanism.items()))


def speed(folder: Path, top: int, model: Model) -> None:
    """Print what building and asking cost in CPU time: other work on the machine is not in it."""
    popular = [row["project"] for row in rows(folder / "popular-projects.csv")][:top]
    names = [row["name"] for file in ("positives.csv", "negatives.csv") for row in rows(folder / file)]
    lexicon = words()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    index = NameIndex.build(popular, popular, model, lexicon)
    built = time.process_time() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    unknown = [name for name in names if name not in index.known]
    spent = sorted(sum(cost(index, name) for name in unknown) / len(unknown) for _ in range(ROUNDS))
    each = sorted(min(cost(index, name) for _ in range(3)) for name in unknown)
    longest = max((min(cost(index, text) for _ in range(3)), text[:20]) for text in (*unknown, *strange(popular)))
    print(
        f"{top} names: {spent[0]:.3f} ms CPU a query, lower quartile {spent[ROUNDS // 4]:.3f}, 99 % in "
        f"{each[int(len(each) * 0.99)]:.3f} ms, the longest {longest[0]:.3f} ms ({longest[1]!a}); "
        f"built in {built:.2f} s, {memory:.0f} MB more"
    )


def cost(index: NameIndex, name: str) -> float:
    """Return the milliseconds of CPU time that a look takes."""
    start = time.process_time()
    index.look(name)
    return (time.process_time() - start) * 1e3


def strange(popular: list[str]) -> Iterator[str]:
    """Give texts that are made to take long: long ones, repeated ones, and everything near many names."""
    for letter in "ae-.1é\u200b":
        yield from (letter * size for size in (2, 12, 80, 128, 200, 1_000_000))
    for name in (*popular[:200], "requests-" * 9, "e" * 60 + "requests", "-".join("abcdefghij" * 4)):
        yield from (name * 2, f"{name}-{name}", "x".join(name)[:80], name[::-1], f"{name[:1]}{name}{name[-1:]}")


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=Path)
    given = parser.parse_args()
    model, answer = similarity_model(), shipped
    for top in (15_000, 5_000):
        speed(given.folder, top, model)
    if given.folds:
        models = [Model.of(fold) for fold in json.loads(given.folds.read_text())]
        model, answer = models[0], lambda index, name: held_out(models, index, name)
    for top in LIMITS:
        table(given.folder, top, model, answer)


if __name__ == "__main__":
    main()
