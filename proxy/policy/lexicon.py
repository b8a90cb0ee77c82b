"""The protected names and what can be counted in them: tokens, families, how letters follow each other.

Built once from names in the order of popularity; answers which of them a name may be meant for. What makes
a candidate suspicious is not decided here but in :mod:`evidence`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import log

from rapidfuzz.distance import OSA

from proxy.policy.folding import skeleton
from proxy.policy.neighbours import Neighbours, deep

_SMOOTHING = 4.0
_FLOOR = 1e-6
_SHORTEST_AFFIX = 5
"""Letters of the shortest name that others are taken to add words to."""
_LURING = 600
"""How many of the most popular names are worth adding a word to: the others have plugins, but no lures."""
_MOST_TWICE = 3
"""How many names two edits away are weighed, the most popular ones."""
_SHORTEST_TWICE = 6
"""Letters from which two edits are still a resemblance."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the popular names are made of."""

    tokens: Counter[str] = field(default_factory=Counter)
    openings: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    triples: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    size: int = 0

    @classmethod
    def of(cls, names: Iterable[str]) -> Counts:
        """Count ``names``."""
        counts = cls()
        for name in names:
            counts._add(name)
        return replace(counts, size=counts.letters.total())

    def _add(self, name: str) -> None:
        tokens = name.split("-")
        self.tokens.update(set(tokens))
        if len(tokens) > 1:
            self.openings.update(list(accumulate(tokens, "{}-{}".format))[:-1])
            self.endings[tokens[-1]] += 1
        framed = f"^^{name}$"
        self.triples.update(windows(framed, 3))
        self.pairs.update(windows(framed, 2))
        self.letters.update(framed)

    def surprise(self, name: str, without: str) -> list[float]:
        """Return the log-probability of every letter of ``name`` and of its end, ``without`` another uncounted."""
        framed, other = f"^^{name}$", f"^^{without}$"
        triples, pairs, letters, count = self.triples.get, self.pairs.get, self.letters.get, other.count
        total = self.size or 1
        found = []
        for at in range(2, len(framed)):
            before, last = framed[at - 2 : at], framed[at - 1 : at + 1]
            triple = before + framed[at]
            single = _SMOOTHING * letters(framed[at], 0) / total
            pair = (pairs(last, 0) - count(last) + single) / (letters(framed[at - 1], 0) + _SMOOTHING)
            three = triples(triple, 0) - count(triple) + _SMOOTHING * max(pair, _FLOOR)
            found.append(log(max(three, _FLOOR) / (max(pairs(before, 0) - count(before), 0) + _SMOOTHING)))
        return found


def windows(text: str, size: int) -> list[str]:
    """Return every piece of ``text`` that is ``size`` letters long."""
    return [text[at : at + size] for at in range(len(text) - size + 1)]


class Shelf:
    """Names to be protected, found by what is near them. ``standing`` is their place by popularity."""

    def __init__(self, names: Iterable[str], *, thorough: bool) -> None:
        self.names = tuple(names)
        self.letters = tuple(name.replace("-", "") for name in self.names)
        self.whole: dict[str, int] = {}
        self._skeletons: defaultdict[str, list[int]] = defaultdict(list)
        self._orders: defaultdict[str, list[int]] = defaultdict(list)
        for at, (name, letters) in enumerate(zip(self.names, self.letters, strict=True)):
            self.whole.setdefault(letters, at)
            self._skeletons[skeleton(letters)].append(at)
            if "-" in name:
                self._orders["-".join(sorted(name.split("-")))].append(at)
        self._near = Neighbours(self.letters, thorough=thorough)

    def candidates(self, name: str, letters: str, variants: list[str] | None = None) -> Mapping[int, str]:
        """Return the positions of the names that ``name`` may be meant for: edited, reordered or added to."""
        once, twice = self._edited(letters, variants if variants is not None else deep(letters))
        found = dict.fromkeys(once + sorted(twice)[:_MOST_TWICE], "edited")
        for at in self._skeletons.get(skeleton(letters), ()):
            found[at] = "edited"
        if "-" in name:
            for at in self._orders.get("-".join(sorted(name.split("-"))), ()):
                found[at] = "reordered"
        for at, kind in self._affixed(letters):
            found.setdefault(at, kind)
        return found

    def _edited(self, letters: str, variants: list[str]) -> tuple[list[int], list[int]]:
        """Find the names one edit away, and those two edits away."""
        once, twice = [], []
        for at in self._near.near(variants):
            other = self.letters[at]
            distance = OSA.distance(letters, other, score_cutoff=2)
            if distance < 2:
                once.append(at)
            elif distance == 2 and _stands_two_edits(letters, other):
                twice.append(at)
        return once, twice

    def _affixed(self, letters: str) -> Iterator[tuple[int, str]]:
        """Find the longest of the most popular names that ``letters`` begin and end with."""
        whole = self.whole
        for kind, pieces in (
            ("begins", (letters[:at] for at in range(len(letters) - 1, _SHORTEST_AFFIX - 1, -1))),
            ("ends", (letters[at:] for at in range(1, len(letters) - _SHORTEST_AFFIX + 1))),
        ):
            at = next((whole[piece] for piece in pieces if whole.get(piece, _LURING) < _LURING), None)
            if at is not None:
                yield at, kind


def _stands_two_edits(letters: str, other: str) -> bool:
    """Say whether two edits leave enough of a name: it is not short, and begins or ends alike."""
    alike = letters[0] == other[0] or letters[-1] == other[-1]
    return alike and min(len(letters), len(other)) >= _SHORTEST_TWICE
