"""Look-alike names: which known project a name imitates, how, and how surely.

Pure and indexed: names near a name are looked up by what both become when letters are left out
(:mod:`proxy.policy.neighbours`), by their letters without separators, by the letters they resemble, and by their
words in any order. A difference that honest projects have too (a number behind the name, a plural, a short
name) is a warning; one that only imitation makes (two letters swapped, one doubled, a letter that looks
like another) blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from rapidfuzz.distance import OSA

from proxy.policy.neighbours import LONGEST, Neighbours, shallow

Level = Literal["none", "warn", "block"]

SHORTEST: Final = 4
"""Names of fewer letters are near too many others to say anything."""
BLOCK: Final = 0.8
WARN: Final = 0.5

_FOLDS: Final = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e", "4": "a", "@": "a", "$": "s"})
_NUMBER: Final = re.compile(r"[0-9]+$")
_VOWELS: Final = frozenset("aeiouy")
_SAID: Final = {
    "transposition": "two letters are swapped",
    "repetition": "a letter is doubled",
    "omission": "a letter is missing",
    "insertion": "a letter is added",
    "substitution": "a letter is another one",
    "vowel": "a vowel is another one",
    "look-alike": "a character looks like another",
    "separator": "only the separators differ",
    "word-order": "the words are in another order",
    "plural": "only an s at the end differs",
    "number-suffix": "only the number at the end differs",
}
_SCORES: Final = {
    "look-alike": 0.95,
    "transposition": 0.95,
    "repetition": 0.92,
    "separator": 0.9,
    "omission": 0.88,
    "word-order": 0.85,
    "vowel": 0.84,
    "insertion": 0.82,
    "substitution": 0.8,
    "plural": 0.6,
    "number-suffix": 0.5,
}


@dataclass(frozen=True, slots=True)
class Resemblance:
    """What a name resembles: ``score`` is from 0.0 (nothing known) to 1.0, ``mechanism`` one word."""

    name: str
    level: Level
    target: str | None
    mechanism: str | None
    score: float

    @property
    def sentence(self) -> str:
        """The finding in words that a developer understands."""
        return f"{self.name} looks like {self.target} ({_SAID.get(self.mechanism or '', 'they are alike')})."


class NameIndex:
    """Protected names, ready for asking. Immutable; :meth:`extended` lays more of them over it."""

    def __init__(self, names: Sequence[str], known: frozenset[str], below: NameIndex | None = None) -> None:
        self._names, self._known, self._below = tuple(names), known, below
        plain = [_plain(name) for name in self._names]
        self._near = Neighbours(plain, thorough=False)
        self._folded = {_folded(name): name for name in reversed(self._names)}
        self._joined = {name: text for text, name in zip(reversed(self._names), reversed(plain), strict=True)}
        self._words = {_words(name): name for name in reversed(self._names) if "-" in name}

    @classmethod
    def build(cls, protected: Iterable[str], known: Iterable[str]) -> NameIndex:
        """Index ``protected`` names, the most popular first; ``known`` ones are never look-alikes themselves."""
        names = tuple(protected)
        return cls(names, frozenset(known) | frozenset(names))

    def extended(self, names: Iterable[str]) -> NameIndex:
        """Return an index that protects these names as well: each counts as popular, however rare it is."""
        more = tuple(names)
        return NameIndex(more, self._known | frozenset(more), self)

    def look(self, name: str) -> Resemblance:
        """Return what ``name`` (normalised, but any text is safe) resembles most."""
        if name in self._known or not SHORTEST <= len(name) <= LONGEST:
            return Resemblance(name, "none", None, None, 0.0)
        return max(self._resembling(name), key=lambda seen: seen.score)

    def _resembling(self, name: str) -> Iterable[Resemblance]:
        yield Resemblance(name, "none", None, None, 0.0)
        if self._below is not None:
            yield from self._below._resembling(name)
        for target in self._candidates(name):
            mechanism = _mechanism(name, target)
            if mechanism:
                yield _judged(name, target, mechanism)

    def _candidates(self, name: str) -> set[str]:
        plain = _plain(name)
        found = {self._names[position] for position in self._near.near(shallow(plain))}
        keyed = (self._folded.get(_folded(name)), self._joined.get(plain), self._words.get(_words(name)))
        return found | {target for target in keyed if target}


def _judged(name: str, target: str, mechanism: str) -> Resemblance:
    """Weigh a mechanism by the length of the target: short names are near each other by chance."""
    score = _SCORES[mechanism] - 0.08 * max(0, 6 - len(_plain(target)))
    level: Level = "block" if score >= BLOCK else "warn" if score >= WARN else "none"
    return Resemblance(name, level, target, mechanism, round(max(score, 0.0), 3))


def _mechanism(name: str, target: str) -> str | None:
    """Return how ``name`` differs from ``target``, None where they differ by more than one step."""
    mine, theirs = _plain(name), _plain(target)
    if mine == theirs:
        return "separator"
    if _NUMBER.sub("", mine) == _NUMBER.sub("", theirs):
        return "number-suffix"
    if _folded(name) == _folded(target):
        return "look-alike"
    if "-" in target and _words(name) == _words(target):
        return "word-order"
    if mine in {f"{theirs}s", theirs.removesuffix("s")}:
        return "plural"
    return _edit(mine, theirs) if OSA.distance(mine, theirs, score_cutoff=1) <= 1 else None


def _edit(mine: str, theirs: str) -> str:
    """Name the one edit between two texts."""
    if len(mine) == len(theirs):
        differing = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
        if len(differing) > 1:
            return "transposition"
        return "vowel" if set(differing[0]) <= _VOWELS else "substitution"
    if len(mine) < len(theirs):
        return "omission"
    return "repetition" if _squeezed(mine) == _squeezed(theirs) else "insertion"


def _plain(name: str) -> str:
    return name.replace("-", "")


def _folded(name: str) -> str:
    return _plain(name).translate(_FOLDS).replace("rn", "m").replace("vv", "w")


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(name.split("-")))


def _squeezed(text: str) -> str:
    return text[:1] + "".join(b for a, b in pairwise(text) if a != b)
