"""The protected names and what can be counted in them: tokens, families, how letters follow each other.

Built once from names in the order of popularity, and from the words of a language. What makes a name suspicious
is not decided here but in :mod:`evidence`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain
from math import log

_SHORTEST_WORD, _LONGEST_WORD = 3, 14
_DIGITS = frozenset("0123456789")
_SMOOTHING = 4.0
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Counts:
    """What the popular names are made of."""

    tokens: Counter[str]
    openings: Counter[str]
    endings: Counter[str]
    triples: Counter[str]
    pairs: Counter[str]
    letters: Counter[str]
    words: frozenset[str]
    beginnings: frozenset[str]
    size: int

    @classmethod
    def of(cls, names: Iterable[str], words: frozenset[str] = frozenset()) -> Counts:
        """Count ``names``; any of the ``words`` of a language may stand in a name as well."""
        framed = [f"^^{name}$" for name in names]
        split = [frame[2:-1].split("-") for frame in framed]
        tokens = Counter(token for mine in split for token in set(mine))
        letters = Counter(chain.from_iterable(framed))
        familiar = (token for token, count in tokens.items() if count > 1 and len(token) >= _SHORTEST_WORD)
        known = words.union(familiar)
        return cls(
            tokens=tokens,
            openings=Counter(opening for mine in split for opening in accumulate(mine[:-1], "{}-{}".format)),
            endings=Counter(mine[-1] for mine in split if len(mine) > 1),
            triples=Counter(chain.from_iterable(windows(frame, 3) for frame in framed)),
            pairs=Counter(chain.from_iterable(windows(frame, 2) for frame in framed)),
            letters=letters,
            words=known,
            beginnings=frozenset(word[:_SHORTEST_WORD] for word in known),
            size=letters.total(),
        )

    def surprise(self, name: str, without: str) -> list[float]:
        """Return the log-probability of every letter of ``name`` and of its end, ``without`` another uncounted."""
        framed, other = f"^^{name}$", f"^^{without}$"
        triples, pairs, letters, count = self.triples.get, self.pairs.get, self.letters.get, other.count
        threes = [triples(piece, 0) - count(piece) for piece in windows(framed, 3)]
        twos = [pairs(piece, 0) - count(piece) for piece in windows(framed, 2)]
        ones = [letters(letter, 0) for letter in framed]
        share, found = _SMOOTHING / (self.size or 1), []
        for three, two, last, second, third in zip(threes, twos, twos[1:], ones[1:], ones[2:], strict=False):
            pair = (last + share * third) / (second + _SMOOTHING)
            found.append(log(max(three + _SMOOTHING * max(pair, _FLOOR), _FLOOR) / (max(two, 0) + _SMOOTHING)))
        return found

    def unread(self, token: str) -> int:
        """Return how many letters of ``token`` are left when it is read as words put beside each other."""
        return sum(self._unread(piece) for piece in token.split("-"))

    def _unread(self, piece: str) -> int:
        words, size = self.words, len(piece)
        if piece in words and size <= _LONGEST_WORD:
            return 0
        left, beginnings = [0, *[size] * size], self.beginnings
        for begin, letter in enumerate(piece):
            here = left[begin]
            left[begin + 1] = min(left[begin + 1], here + (letter not in _DIGITS))
            shortest = begin + _SHORTEST_WORD
            if piece[begin:shortest] not in beginnings:
                continue
            for end in range(shortest, min(begin + _LONGEST_WORD, size) + 1):
                if here < left[end] and piece[begin:end] in words:
                    left[end] = here
        return left[-1]


def windows(text: str, size: int) -> list[str]:
    """Return every piece of ``text`` that is ``size`` letters long."""
    return [text[at : at + size] for at in range(len(text) - size + 1)]
