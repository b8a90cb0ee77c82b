"""The Merkle tree over a chain's records (RFC 6962 section 2.1): its root, and proofs for who only has a root.

Decided here:

* Leaf ``n`` is made of the hash of record ``n + 1`` in the chain. A leaf's hash begins with a zero byte, a node's
  with a one, so that neither passes for the other.
* Nothing of the tree is kept but its right edge (:class:`Edge`) and the roots of its full tiles of
  :data:`TILE` leaves, from which a proof is made by reading a few tiles of records.
* Hashes are 32 raw bytes. What cannot be right raises :class:`BrokenProof`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

TILE_LEVEL = 10
TILE = 1 << TILE_LEVEL
"""Leaves of a tile. Its root is kept once it is full."""
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Subtree = Callable[[int, int], bytes]
"""From the first leaf and the one after the last to the root over them: MTH(D[first:end])."""


class BrokenProof(ValueError):
    """A proof that shows nothing: it does not lead to the root, or it cannot be read."""


def leaf(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Edge:
    """The right edge of a growing tree: its size, and the roots of its full subtrees, the largest first."""

    __slots__ = ("peaks", "size", "tiles")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)
        self.tiles: list[bytes] = []
        """Roots of the tiles that were filled since this edge was made."""

    def add(self, leaf_hash: bytes) -> None:
        """Take the next leaf; on the average that costs one hash besides the leaf's own."""
        carried, size, level = leaf_hash, self.size, 0
        while size & 1:
            carried = node(self.peaks.pop(), carried)
            size, level = size >> 1, level + 1
            if level == TILE_LEVEL:
                self.tiles.append(carried)
        self.peaks.append(carried)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        if not self.peaks:
            return EMPTY
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root


def edge_of(hashes: Iterable[bytes]) -> Edge:
    """Return the edge of a tree over these leaf hashes (or roots of full subtrees of one size, read as leaves)."""
    edge = Edge()
    for each in hashes:
        edge.add(each)
    return edge


def inclusion(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that lead from leaf ``index`` to the root of ``size`` leaves, the leaf's sibling first."""
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def included(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root that a path leads to from a leaf (RFC 9162 section 2.1.3.2). Raises BrokenProof."""
    if not 0 <= index < size:
        raise BrokenProof(f"leaf {index} cannot be in a tree of {size}")
    place, last, found = index, size - 1, leaf_hash
    for step in path:
        if last == 0:
            raise BrokenProof("the path is too long")
        if place & 1 or place == last:
            found = node(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, step)
        place, last = place >> 1, last >> 1
    if last:
        raise BrokenProof("the path is too short")
    return found


def consistency(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show that the tree of ``new`` leaves begins with that of ``old`` (0 < old <= new)."""
    path: list[bytes] = []
    first, end, whole = 0, new, True
    while old < end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first, whole = middle, False
    if not whole:
        path.append(subtree(first, end))
    return path[::-1]


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path shows that one tree begins with the other (RFC 9162 section 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    steps = list(path)
    if not place:
        steps.insert(0, old_root)
    if not steps:
        return False
    then = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            then, now = node(step, then), node(step, now)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            now = node(now, step)
        place, last = place >> 1, last >> 1
    return last == 0 and then == old_root and now == new_root


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
