"""The model that weighs the evidence: a small sum of decision trees, read from plain data.

``data/similarity-model.json`` is written by ``tests/bench/train_names.py``. A tree is a flat list of nodes
``[evidence, threshold, next]``: evidence up to the threshold goes to node ``next``, more to the one after
it; a leaf has evidence -1 and its value instead of a threshold. Leanings are log-odds per unit of one number,
set by hand: a person's view of what the data shows too rarely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from proxy.policy.evidence import EVIDENCE

_EARLY, _HOPELESS = 12, -1.3
"""After that many trees a pair at log-odds below this is no imitation, whatever the others say."""
Node = tuple[int, float, int]


@dataclass(frozen=True, slots=True)
class Model:
    """Trees whose values add up to log-odds, and the probabilities at which a name is blocked or warned of."""

    base: float
    leanings: tuple[tuple[int, float], ...]
    trees: tuple[tuple[Node, ...], ...]
    block: float
    warn: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Model:
        """Read the model from parsed JSON. Raises ValueError where it is for other evidence or malformed."""
        if tuple(data.get("evidence", ())) != EVIDENCE:
            raise ValueError("The look-alike model was trained on other evidence than this release reads.")
        trees = tuple(tuple((int(a), float(b), int(c)) for a, b, c in tree) for tree in data["trees"])
        if not all(_is_sound(tree) for tree in trees):
            raise ValueError("The look-alike model has a tree that leads nowhere.")
        leanings = tuple((EVIDENCE.index(name), float(value)) for name, value in data["leanings"].items())
        return cls(float(data["base"]), leanings, trees, float(data["block"]), float(data["warn"]))

    def probability(self, evidence: Sequence[float]) -> float:
        """Return how likely a pair with this evidence is an imitation, 0 to 1."""
        total = self.base
        for at, value in self.leanings:
            total += value * evidence[at]
        for place, tree in enumerate(self.trees):
            if place == _EARLY and total < _HOPELESS:
                break
            asked, value, onward = tree[0]
            while asked >= 0:
                asked, value, onward = tree[onward if evidence[asked] <= value else onward + 1]
            total += value
        return 1 / (1 + exp(-total))


def _is_sound(tree: Sequence[Node]) -> bool:
    """Say whether every branch leads forward and inside the tree, so that every walk ends."""
    return bool(tree) and all(
        asked == -1 or (0 <= asked < len(EVIDENCE) and at < onward < len(tree) - 1)
        for at, (asked, _, onward) in enumerate(tree)
    )
