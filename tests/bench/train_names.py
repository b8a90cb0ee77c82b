"""Trains the look-alike model and writes it as plain data: ``python -m tests.bench.train_names FOLDER OUT.json``.

FOLDER holds ``positives.csv``, ``negatives.csv`` and ``popular-projects.csv``. Needs numpy and scikit-learn,
here only; seeded, so the same data gives the same model. Beside OUT.json stands ``OUT.folds.json``: a model
for every fold of the targets, trained without any name that is compared with one of those targets, for
``tests.bench.names --folds``.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from proxy.feeds.names import words
from proxy.policy.evidence import EVIDENCE, FIRST
from proxy.policy.similarity import NameIndex
from tests.bench.slips import invented

FOLDS = 8
TOPS = {5_000: 24_000, 500: 6_000}
"""Sizes of the reference, and how many invented imitations are learnt with each."""
BLOCK, WARN = 0.80, 0.5
"""BLOCK is the lowest twentieth at which every cross-validated false alarm rate stays within its limit (what was seen
before it was chosen: ``data/README.md``)."""
EARLY, TREES, RATE = 12, 60, 0.2
"""How many trees ask only for the first evidence, how many there are in all, and how much of each is learnt."""
HOPELESS = -1.3
"""Log-odds after the early trees below which a pair is harmless, whatever the others would say. Chosen on the pairs
that are learnt from: of imitations that would be blocked one in a thousand is lost; of ordinary pairs two in three end
here."""
RISING = {
    "same_looks", "same_skeleton", "same_undoubled", "swap", "doubled", "size", "new_triples", "shared_letters",
    "strange_token", "digit_inside", "word", "anagram", "token_size", "token_unread", "token_unread_rate",
    "unread_more",
}  # fmt: skip
FALLING = {
    "rank", "distance", "relative", "reordered", "number", "at_start", "changed_tokens", "token_known",
    "token_is_name", "token_word", "family", "digits_alone", "before", "unlikely", "unlikely_rate", "unlikely_most",
    "unlikely_here", "unlikely_here_most", "triples_common", "triples_rarest", "plugins", "endings", "rest",
}  # fmt: skip
REAL, INVENTED, ORDINARY = 2.0, 0.3, 1.0
"""Weights: of all the imitations of one target together (a campaign must not teach its target alone), of each invented
one, and of each ordinary name."""
LEANINGS = {"strange_token": 1.4, "family": -0.3, "digits_alone": -1.5, "before": -1.0}
"""Log-odds set by hand. Siblings in a family, other numbers, and names that another name ends with are many;
a changed word that no popular project uses is rarely a sibling."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is learnt from: a name and a target, the numbers of the two, whether it is an imitation, its weight."""

    name: str
    target: str
    numbers: list[float]
    imitates: bool
    weight: float


def fold_of(target: str) -> int:
    """Return the fold a target belongs to, the same everywhere."""
    return crc32(target.encode()) % FOLDS


def rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def pairs_of(index: NameIndex, name: str, right: frozenset[str] | None, weight: float) -> Iterator[Pair]:
    """Give the pairs of a name: with ``right`` only the imitated targets, otherwise all as no imitation."""
    for pair in index.compared(name):
        if right is None or pair.target in right:
            numbers = [float(number) for number in pair.evidence.complete(index.counts)]
            yield Pair(name, pair.target, numbers, right is not None, weight)


def learnt(folder: Path, top: int) -> Iterator[Pair]:
    """Give every pair that is learnt from, with a reference of ``top`` names."""
    positives, negatives = rows(folder / "positives.csv"), rows(folder / "negatives.csv")
    popular = [row["project"] for row in rows(folder / "popular-projects.csv")]
    wanted = {row["target"] for row in positives}
    reference = [name for place, name in enumerate(popular) if place < top or name in wanted]
    index = NameIndex.build(reference, reference, words=words())
    share = {target: REAL / count for target, count in Counter(row["target"] for row in positives).items()}
    for row in positives:
        if row["name"] not in index.known:
            right = frozenset((row["target"], *row["alt"].split("|")))
            yield from pairs_of(index, row["name"], right, share[row["target"]])
    for name, target in invented(reference, frozenset(popular), TOPS[top], seed=top + 7):
        yield from pairs_of(index, name, frozenset((target,)), INVENTED)
    without = defaultdict(list)
    for row in negatives:
        without[row["fold"]].append(row["name"])
    for fold, names in without.items():
        gone = set(names) if fold else set()
        held = NameIndex.build([n for n in reference if n not in gone], (), words=words()) if fold else index
        for name in names:
            if name not in held.known:
                yield from pairs_of(held, name, None, ORDINARY)


def train(pairs: list[Pair]) -> dict[str, Any]:
    """Fit the model to ``pairs``; return it as the plain data of the model file.

    The early trees are fitted to the first evidence alone; the others go on from there with all of it.
    """
    order = [(name in RISING) - (name in FALLING) for name in EVIDENCE]
    numbers = np.array([pair.numbers for pair in pairs])
    first = np.where(np.arange(len(EVIDENCE)) < len(FIRST), numbers, 0)
    model = HistGradientBoostingClassifier(
        max_iter=EARLY, max_leaf_nodes=16, learning_rate=RATE, min_samples_leaf=30, l2_regularization=3, random_state=0,
        monotonic_cst=order, early_stopping=False, warm_start=True,
    )  # fmt: skip
    for known, count in ((first, EARLY), (numbers, TREES)):
        model.set_params(max_iter=count)
        model.fit(known, [p.imitates for p in pairs], sample_weight=[p.weight for p in pairs])
    trees = [plain(predictor[0].nodes) for predictor in model._predictors]
    base = float(np.ravel(model._baseline_prediction)[0])
    levels = {"base": base, "hopeless": HOPELESS, "block": BLOCK, "warn": WARN}
    return {"evidence": EVIDENCE, **levels, "leanings": LEANINGS, "early": trees[:EARLY], "trees": trees[EARLY:]}


def without(pairs: list[Pair], fold: int) -> list[Pair]:
    """Return the pairs of names that are compared with no target of a fold."""
    met = {pair.name for pair in pairs if fold_of(pair.target) == fold}
    return [pair for pair in pairs if pair.name not in met]


def plain(nodes: Any, at: int = 0) -> Any:
    """Return a tree as the model file has it: a value, or a question and what follows."""
    node = nodes[at]
    if node["is_leaf"]:
        return round(float(node["value"]), 5)
    branches = (plain(nodes, int(node[side])) for side in ("left", "right"))
    return [int(node["feature_idx"]), round(float(node["num_threshold"]), 5), *branches]


def main() -> None:
    """Read the arguments, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    threadpool_limits(1)  # the same sums on any machine
    pairs = [pair for top in TOPS for pair in learnt(given.folder, top)]
    print(f"{len(pairs)} pairs, {sum(pair.imitates for pair in pairs)} of them imitations")
    given.out.write_text(json.dumps(train(pairs), separators=(",", ":")) + "\n")
    folds = [train(without(pairs, fold)) for fold in range(FOLDS)]
    given.out.with_suffix(".folds.json").write_text(json.dumps(folds, separators=(",", ":")))


if __name__ == "__main__":
    main()
