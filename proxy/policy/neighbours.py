"""Which protected names are near a name: an index of keys, never a scan over all names.

Two names within a few edits share a string that both become when letters are left out (the deletion
neighbourhood of SymSpell). The keys of those strings stand sorted in one flat array of 64-bit words, hash
and position packed together: a look-up is a bisection, 15,000 names take some 10 MB. Hashes may collide;
whoever asks measures the distance anyway.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

_POSITION_BITS = 20
_POSITIONS = (1 << _POSITION_BITS) - 1
_HASH = (1 << 43) - 1
_DEEP_FROM, _DEEP_TO = 5, 12
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
            variants += [head + tail[:j] + tail[j + 1 :] for j in range(size - 1 - i)]
    return variants


class Neighbours:
    """Positions of texts by what they become when letters are left out."""

    def __init__(self, texts: Sequence[str], *, thorough: bool) -> None:
        """Index ``texts`` by position; ``thorough`` with two letters left out, otherwise one."""
        self._packed = array("Q", sorted(_pack(texts, deep if thorough else shallow)))
        self._slots = (1 << max(10, len(self._packed).bit_length() + 3)) - 1
        self._seen = bytearray(self._slots + 1)
        for word in self._packed:
            self._seen[word >> _POSITION_BITS & self._slots] = 1

    def near(self, variants: Iterable[str]) -> set[int]:
        """Return the positions of texts that share one of ``variants``."""
        seen, slots, packed, found = self._seen, self._slots, self._packed, set[int]()
        for number in {number for variant in variants if seen[(number := hash(variant)) & slots]}:
            key = (number & _HASH) << _POSITION_BITS
            first = bisect_left(packed, key)
            for at in range(first, bisect_right(packed, key | _POSITIONS, first)):
                found.add(packed[at] & _POSITIONS)
        return found


def _pack(texts: Sequence[str], variants: Callable[[str], list[str]]) -> Iterator[int]:
    for position, text in enumerate(texts):
        for variant in set(variants(text)):
            yield (hash(variant) & _HASH) << _POSITION_BITS | position
