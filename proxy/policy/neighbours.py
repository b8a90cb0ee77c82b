"""Which protected names are near a name: an index of keys, never a scan over all names.

Two names within a few edits share a string that both become when letters are left out (the deletion
neighbourhood of SymSpell). The keys of those strings stand sorted in one flat array of 64-bit words, hash
and position packed together: a look-up is a bisection, 15,000 names take some 10 MB. Hashes may collide;
whoever asks measures the distance anyway.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

_POSITION_BITS = 20
_POSITIONS = (1 << _POSITION_BITS) - 1
_HASH = (1 << 43) - 1
_DEEP_FROM, _DEEP_TO = 5, 13
"""Names of this many letters are found with two letters left out on either side."""
LONGEST = 80
"""Letters of the longest name compared at all; the popular ones end at 60."""


def shallow(text: str) -> list[str]:
    """Return ``text`` and what it becomes when one letter is left out."""
    return [text, *[text[:i] + text[i + 1 :] for i in range(len(text))]]


def deep(text: str) -> list[str]:
    """Return ``text`` with up to two letters left out, short and very long names with up to one."""
    variants = shallow(text)
    size = len(text)
    if _DEEP_FROM <= size <= _DEEP_TO:
        for i in range(size - 1):
            head, tail = text[:i], text[i + 1 :]
            variants += [head + tail[:j] + tail[j + 1 :] for j in range(i, size - 1)]
    return variants


class Neighbours:
    """Positions of texts by what they become when letters are left out."""

    def __init__(self, texts: Sequence[str], *, thorough: bool) -> None:
        """Index ``texts`` by position; ``thorough`` with two letters left out, otherwise one."""
        variants = deep if thorough else shallow
        self._packed = array("Q", sorted(self._pack(texts, variants)))

    @staticmethod
    def _pack(texts: Iterable[str], variants: object) -> Iterator[int]:
        for position, text in enumerate(texts):
            for variant in set(variants(text)):
                yield (hash(variant) & _HASH) << _POSITION_BITS | position

    def near(self, variants: Iterable[str]) -> set[int]:
        """Return the positions of texts that share one of ``variants``."""
        packed, found = self._packed, set()
        end = len(packed)
        for variant in variants:
            key = (hash(variant) & _HASH) << _POSITION_BITS
            at = bisect_left(packed, key)
            key |= _POSITIONS
            while at < end and packed[at] <= key:
                found.add(packed[at] & _POSITIONS)
                at += 1
        return found
