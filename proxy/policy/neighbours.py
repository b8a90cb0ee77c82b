"""Which protected names are near a name: an index of keys, never a scan over all names.

Two names within a few edits share a string that both become when letters are left out (the deletion
neighbourhood of SymSpell). That string is never made: its key is the sum of one number for each letter left
out (:func:`deep`), so that a name of twelve letters has its 79 keys after 24 small sums. The keys stand sorted
in one flat array, key and position packed together, some four to a bucket: a look-up reads one bucket, and 15,000
names take some 10 MB. Keys may collide; whoever asks measures the distance anyway.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

_POSITION_BITS = 20
_POSITIONS = (1 << _POSITION_BITS) - 1
_KEY_BITS = 30
_MODULUS = 1 << _KEY_BITS
"""Keys are below it: Python adds and multiplies such numbers fastest."""
_KEY = _MODULUS - 1
_BASE = 0x2545F491
_BACK = pow(_BASE, -1, _MODULUS)
"""What moves a letter one place towards the beginning."""
_DEEP_FROM, _DEEP_TO = 5, 12
"""Names of this many letters are found with two letters left out on either side."""
LONGEST = 80
"""Letters of the longest name compared at all; the popular ones end at 60."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_PLACES = tuple(
    {letter: (code + 1) * 0x1B873593 * pow(_BASE, at, _MODULUS) & _KEY for code, letter in enumerate(_LETTERS)}
    for at in range(LONGEST)
)
"""What a letter adds to the key of a text, by the place where it stands."""


def shallow(letters: str) -> list[int]:
    """Return the key of ``letters`` and of what they become when one is left out; :data:`LONGEST` at most."""
    whole, once = _left_out(letters)
    less = whole * _BACK
    return [whole, *[key + less & _KEY for key in once]]


def deep(letters: str) -> list[int]:
    """Return the keys with up to two letters left out, those of short and very long names with up to one."""
    whole, once = _left_out(letters)
    less = whole * _BACK
    keys = [whole, *[key + less & _KEY for key in once]]
    if _DEEP_FROM <= len(letters) <= _DEEP_TO:
        again = [(key + less) * _BACK & _KEY for key in once]
        for at, key in enumerate(once, 1):
            keys += [key + other & _KEY for other in again[at:]]
    return keys


def _left_out(letters: str) -> tuple[int, list[int]]:
    """Return the key of ``letters``, and for each what leaving it out makes of all before it and itself.

    To that the key of all of them is added, moved one place back: what stands behind a gap moves up.
    """
    key, found = 0, []
    for places, letter in zip(_PLACES, letters, strict=False):
        before, key = key, key + places[letter]
        found.append(before - key * _BACK & _KEY)
    return key & _KEY, found


class Neighbours:
    """Positions of texts by what they become when letters are left out."""

    def __init__(self, texts: Sequence[str], *, thorough: bool) -> None:
        """Index ``texts`` by position; ``thorough`` with two letters left out, otherwise one."""
        self._packed = packed = array("Q", sorted(_pack(texts, deep if thorough else shallow)))
        bits = max(10, len(packed).bit_length())
        self._slots = (1 << bits + 3) - 1
        self._seen = bytearray(self._slots + 1)
        self._shift = _KEY_BITS - bits + 2
        sizes = array("L", bytes(array("L").itemsize * ((_KEY >> self._shift) + 2)))
        for word in packed:
            key = word >> _POSITION_BITS
            self._seen[key & self._slots] = 1
            sizes[(key >> self._shift) + 1] += 1
        self._starts = array("L", accumulate(sizes))

    def near(self, keys: Iterable[int]) -> set[int]:
        """Return the positions of texts that share one of ``keys``."""
        seen, slots, starts, shift, found = self._seen, self._slots, self._starts, self._shift, set[int]()
        for key in {key for key in keys if seen[key & slots]}:
            bucket = key >> shift
            for word in self._packed[starts[bucket] : starts[bucket + 1]]:
                if word >> _POSITION_BITS == key:
                    found.add(word & _POSITIONS)
        return found


def _pack(texts: Sequence[str], keys: Callable[[str], list[int]]) -> Iterator[int]:
    for position, text in enumerate(texts):
        for key in set(keys(text[:LONGEST])):
            yield key << _POSITION_BITS | position
