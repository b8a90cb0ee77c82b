"""Measures look-alike recognition on what is not in the data: ``python -m tests.bench.unseen FOLDER --folds FILE``.

* Imitations: slips of each mechanism, drawn with a seed that training never used, of the popular projects; each is
  weighed by the model that saw no name compared with its target.
* Ordinary names: the popular projects that ``negatives.csv`` does not hold, judged by the shipped model as if unknown.
* With ``--names FILE`` (one a line), any other ordinary names.

FOLDER and the models are those of ``tests.bench.names``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random

from proxy.feeds.names import similarity_model, words
from proxy.policy.similarity import Model, NameIndex
from tests.bench.names import held_out, rows
from tests.bench.slips import SHARES, slip

TOP, EACH, TENTHS, SEED = 5_000, 400, 10, 2_026
POPULAR, SHORTEST = 1_000, 5
"""Targets of the imitations: how far down the list, and how many letters at least."""


def imitations(popular: list[str], models: list[Model]) -> None:
    """Print how many invented imitations are blocked, by mechanism, and how many of those for the right target."""
    index = NameIndex.build(popular[:TOP], popular, models[0], words())
    targets = [name for name in popular[:POPULAR] if len(name) >= SHORTEST]
    draw = Random(SEED)
    for how in SHARES:
        blocked = right = asked = tried = 0
        while asked < EACH and tried < 50 * EACH:
            tried += 1
            target = draw.choice(targets)
            name = slip(how, target, draw)
            if name and name not in index.known and name != target:
                _, hit, found = held_out(models, index, name)
                asked, blocked, right = asked + 1, blocked + hit, right + (hit and found == target)
        print(
            f"  {how:8}{100 * blocked / asked:7.1f} % of {asked} blocked, {100 * right / max(blocked, 1):5.1f} % right"
        )


def alarms(kind: str, names: Iterable[str], index: NameIndex) -> None:
    """Print how many of some ordinary names are blocked, and how many are warned of."""
    found = [index.look(name) for name in names if name not in index.known]
    blocked = [f"{one.name} for {one.target}" for one in found if one.level == "block"]
    warned = sum(one.level == "warn" for one in found)
    print(
        f"  {kind:36}{100 * len(blocked) / len(found):7.2f} % of {len(found)} blocked, "
        f"{100 * warned / len(found):.2f} % warned of, for example {', '.join(blocked[:3])}"
    )


def ordinary(popular: list[str], held: set[str], others: Iterable[str]) -> None:
    """Print the false alarms among popular projects outside the data, and among other names."""
    model, lexicon = similarity_model(), words()
    index = NameIndex.build(popular[:TOP], (), model, lexicon)
    alarms(f"rank {TOP + 1} to {len(popular)}, not in the data", [n for n in popular[TOP:] if n not in held], index)
    for tenth in range(TENTHS):
        gone = [name for name in popular[:TOP] if name not in held][tenth::TENTHS]
        left = [name for name in popular[:TOP] if name not in set(gone)]
        alarms(f"within the top {TOP}, tenth {tenth}", gone, NameIndex.build(left, (), model, lexicon))
    if names := [name for name in others if name not in held and name not in set(popular)]:
        alarms("other names", names, index)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--names", type=Path)
    given = parser.parse_args()
    popular = [row["project"] for row in rows(given.folder / "popular-projects.csv")]
    print("imitations of targets that the model never saw")
    imitations(popular, [Model.of(fold) for fold in json.loads(given.folds.read_text())])
    print("ordinary names that the data does not hold")
    held = {row["name"] for row in rows(given.folder / "negatives.csv")}
    ordinary(popular, held, given.names.read_text().split() if given.names else ())


if __name__ == "__main__":
    main()
