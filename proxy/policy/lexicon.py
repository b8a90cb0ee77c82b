"""The protected names and what can be counted in them: tokens, families, how letters follow each other.

Built once from names in the order of popularity, and from the words of a language. What makes a name suspicious
is not decided here but in :mod:`evidence`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import log

_SHORTEST_WORD, _LONGEST_WORD = 3, 14
_NO_LETTER = frozenset("0123456789-")
_SMOOTHING = 4.0
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Counts:
    """What the popular names are made of."""

    tokens: Counter[str] = field(default_factory=Counter)
    openings: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    triples: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    words: frozenset[str] = frozenset()
    size: int = 0

    @classmethod
    def of(cls, names: Iterable[str], words: frozenset[str] = frozenset()) -> Counts:
        """Count ``names``; any of the ``words`` of a language may stand in a name as well."""
        counts = cls()
        for name in names:
            counts._add(name)
        familiar = (token for token, count in counts.tokens.items() if count > 1 and len(token) >= _SHORTEST_WORD)
        return replace(counts, size=counts.letters.total(), words=words.union(familiar))

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

    def unread(self, token: str) -> int:
        """Return how many letters of ``token`` are left when it is read as words put beside each other."""
        words, left = self.words, [0]
        for end in range(1, len(token) + 1):
            least = left[end - 1] + (token[end - 1] not in _NO_LETTER)
            for begin in range(max(0, end - _LONGEST_WORD), end - _SHORTEST_WORD + 1):
                if left[begin] < least and token[begin:end] in words:
                    least = left[begin]
            left.append(least)
        return left[-1]


def windows(text: str, size: int) -> list[str]:
    """Return every piece of ``text`` that is ``size`` letters long."""
    return [text[at : at + size] for at in range(len(text) - size + 1)]
