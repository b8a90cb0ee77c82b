"""How two names differ, letter by letter, and what that difference is called.

A difference is what remains between the common beginning and the common end of two names, separators left
out. This file knows nothing of popularity and decides nothing about suspicion.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Postfix, Prefix

from proxy.policy.folding import looks, undoubled

_DIGITS = "0123456789"
_VOWELS = frozenset("aeiouy")
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def _neighbouring() -> frozenset[tuple[str, str]]:
    beside = {(a, b) for row in _ROWS for a, b in itertools.pairwise(row)}
    below = {
        (a, b)
        for upper, lower in itertools.pairwise(_ROWS)
        for s in (0, 1)
        for a, b in zip(upper[s:], lower, strict=False)
    }
    return frozenset(beside | below | {(b, a) for a, b in beside | below})


KEYS = _neighbouring()
"""Pairs of characters whose keys are neighbours on a keyboard."""

SENTENCES = {
    "separator": "only the separators differ",
    "order": "the words are in another order",
    "look-alike": "characters that look alike",
    "transposition": "two letters are swapped",
    "repetition": "a letter is doubled",
    "omission": "a letter is missing",
    "insertion": "a letter is added",
    "substitution": "one letter differs",
    "vowel": "one vowel differs",
    "plural": "only an s at the end differs",
    "number": "only the number differs",
    "edits": "a few letters differ",
    "added": "something is added to the name",
    "affix": "only a word that says python differs",
}
"""The mechanisms, and what a developer is told of each."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``name`` against ``target`` without separators: what stands ``here`` and ``there`` between what they share."""

    name: str
    target: str
    start: int
    end: int
    here: str
    there: str
    distance: int

    @classmethod
    def of(cls, name: str, target: str) -> Difference:
        """Compare two names, given without their separators."""
        start = Prefix.similarity(name, target)
        rest, other = name[start:], target[start:]
        end = Postfix.similarity(rest, other)
        stop = len(rest) - end
        return cls(name, target, start, end, rest[:stop], other[: len(other) - end], OSA.distance(name, target))

    def beside(self, text: str) -> str:
        """Return the letters of ``name`` or of ``target`` on either side of the difference."""
        after = len(text) - self.end
        return text[max(self.start - 1, 0) : self.start] + text[after : after + 1]

    @property
    def is_doubling(self) -> bool:
        """Whether a letter was doubled."""
        return len(self.here) == 1 and not self.there and self.here in self.beside(self.target)

    @property
    def is_undoubling(self) -> bool:
        """Whether one of two equal letters was left out."""
        return len(self.there) == 1 and not self.here and self.there in self.beside(self.name)

    @property
    def is_swap(self) -> bool:
        """Whether two letters were swapped."""
        return len(self.here) == 2 and self.here == self.there[::-1]

    @property
    def is_vowel(self) -> bool:
        """Whether one vowel stands for another."""
        return self.here in _VOWELS and self.there in _VOWELS

    @property
    def is_slip(self) -> bool:
        """Whether a key beside the right one was hit, instead of it or as well."""
        if len(self.here) != 1:
            return False
        if self.there:
            return (self.here, self.there) in KEYS
        return any((self.here, letter) in KEYS for letter in self.beside(self.target))

    @property
    def is_number(self) -> bool:
        """Whether only the number at the end differs."""
        return self.name.rstrip(_DIGITS) == self.target.rstrip(_DIGITS)

    @property
    def is_plural(self) -> bool:
        """Whether only an s at the end differs."""
        return self.end == 0 and (self.here, self.there) in {("s", ""), ("", "s")}


def mechanism(difference: Difference, kind: str) -> str:
    """Name the difference in one word of :data:`SENTENCES`; ``kind`` is how the target was found."""
    if kind == "bare":
        return "affix"
    if kind in {"begins", "ends"}:
        return "number" if difference.is_number else "added"
    if difference.distance == 0:
        return "separator"
    if kind == "reordered":
        return "order"
    return _of_one_edit(difference) if difference.distance == 1 else _of_more(difference)


def _of_one_edit(difference: Difference) -> str:
    checks = (
        ("transposition", difference.is_swap),
        ("number", difference.is_number),
        ("plural", difference.is_plural and not difference.is_doubling),
        ("repetition", difference.is_doubling),
        ("insertion", not difference.there),
        ("omission", not difference.here),
        ("look-alike", looks(difference.name) == looks(difference.target)),
        ("vowel", difference.is_vowel),
    )
    return next((name for name, holds in checks if holds), "substitution")


def _of_more(difference: Difference) -> str:
    if looks(difference.name) == looks(difference.target):
        return "look-alike"
    if undoubled(difference.name) == undoubled(difference.target):
        return "repetition"
    return "number" if difference.is_number else "edits"
