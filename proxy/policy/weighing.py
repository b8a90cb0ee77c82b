"""The model that weighs the evidence: a small sum of decision trees, read from plain data.

``data/similarity-model.json`` is written by ``tests/bench/train_names.py``. A tree is its value, or a question
``[evidence, threshold, tree, tree]``: evidence up to the threshold goes on with the one, more with the other.
The first trees ask only for what is cheap to know; where they leave no doubt that a pair is harmless the rest is
not even measured. Leanings are log-odds per unit of one number, set by hand: a person's view of what the data
shows too rarely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from proxy.policy.evidence import EVIDENCE, FIRST

Tree = tuple[int, float, Any, Any]
"""A question as in the file, with two trees; a value is one with evidence -1, and nothing goes on from it."""


@dataclass(frozen=True, slots=True)
class Model:
    """Trees whose values add up to log-odds, and the probabilities at which a name is blocked or warned of."""

    base: float
    leanings: tuple[tuple[int, float], ...]
    early: tuple[Tree, ...]
    trees: tuple[Tree, ...]
    hopeless: float
    block: float
    warn: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Model:
        """Read the model from parsed JSON. Raises ValueError where it is for other evidence or malformed."""
        if tuple(data.get("evidence", ())) != EVIDENCE:
            raise ValueError("The look-alike model was trained on other evidence than this release reads.")
        early = tuple(_tree(tree, len(FIRST)) for tree in data["early"])
        trees = tuple(_tree(tree, len(EVIDENCE)) for tree in data["trees"])
        leanings = tuple((EVIDENCE.index(name), float(value)) for name, value in data["leanings"].items())
        if any(at >= len(FIRST) for at, _ in leanings):
            raise ValueError("The look-alike model leans on evidence that is not among the first.")
        levels = (float(data[level]) for level in ("hopeless", "block", "warn"))
        return cls(float(data["base"]), leanings, early, trees, *levels)

    def probability(self, first: Sequence[float], complete: Callable[[], Sequence[float]]) -> float:
        """Return how likely a pair is an imitation, 0 to 1, from its first evidence and, in doubt, from all of it."""
        total = self.base
        for at, value in self.leanings:
            total += value * first[at]
        total += _walked(self.early, first)
        if total >= self.hopeless:
            total += _walked(self.trees, complete())
        return 1 / (1 + exp(-total))


def _walked(trees: tuple[Tree, ...], evidence: Sequence[float]) -> float:
    total = 0.0
    for tree in trees:
        asked, value, low, high = tree
        while asked >= 0:
            asked, value, low, high = low if evidence[asked] <= value else high
        total += value
    return total


def _tree(data: Any, size: int) -> Tree:
    """Read a tree that asks for the first ``size`` numbers of the evidence. Raises ValueError for anything else."""
    match data:
        case [int(asked), int() | float() as threshold, low, high] if 0 <= asked < size:
            return asked, float(threshold), _tree(low, size), _tree(high, size)
        case int() | float():
            return -1, float(data), None, None
    raise ValueError("The look-alike model has a tree that is neither a value nor a question with two trees.")
