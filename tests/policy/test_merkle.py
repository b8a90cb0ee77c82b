"""The tree against the standard's own definition, written down as naively as it stands there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.merkle import TILE, BrokenProof, Edge, consistency, consistent, edge_of, included, inclusion, leaf

VECTORS = {  # RFC 6962's reference leaves, as certificate-transparency-go and others test them
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")


def naive(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1 over leaf hashes."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return hashlib.sha256(b"\x01" + naive(hashes[:middle]) + naive(hashes[middle:])).digest()


def leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]


def test_the_published_vectors() -> None:
    hashes = [leaf(bytes.fromhex(text)) for text in LEAVES]
    for count, root in VECTORS.items():
        assert edge_of(hashes[:count]).root().hex() == root


@settings(deadline=None)
@given(st.integers(0, 300))
def test_the_edge_gives_the_root(count: int) -> None:
    edge = edge_of(leaves(count))
    assert edge.root() == naive(leaves(count))
    assert len(edge.peaks) == count.bit_count()
    again = Edge(edge.size, edge.peaks)
    again.add(leaves(count + 1)[-1])
    assert again.root() == naive(leaves(count + 1))


@settings(deadline=None)
@given(st.integers(1, 200), st.data())
def test_what_is_in_is_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion(index, size, lambda first, end: naive(hashes[first:end]))
    assert included(index, size, hashes[index], path) == naive(hashes)
    assert included(index, size, leaf(b"another"), path) != naive(hashes)
    for broken in (path[:-1], [*path, path[0] if path else bytes(32)]):
        if broken != path:
            with pytest.raises(BrokenProof):
                included(index, size, hashes[index], broken)
    with pytest.raises(BrokenProof):
        included(size, size, hashes[index], path)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert _leads_elsewhere(other, size, hashes[index], path, naive(hashes))


def _leads_elsewhere(index: int, size: int, found: bytes, path: list[bytes], root: bytes) -> bool:
    try:
        return included(index, size, found, path) != root
    except BrokenProof:
        return True


@settings(deadline=None)
@given(st.integers(1, 200), st.data())
def test_a_tree_that_only_grew_is_shown_to_have_grown(new: int, data: st.DataObject) -> None:
    hashes = leaves(new)
    old = data.draw(st.integers(1, new))
    then, now = naive(hashes[:old]), naive(hashes)
    path = consistency(old, new, lambda first, end: naive(hashes[first:end]))
    assert consistent(old, new, then, now, path)
    altered = data.draw(st.integers(0, old - 1))
    rewritten = [*hashes]
    rewritten[altered] = leaf(b"rewritten")
    forged = consistency(old, new, lambda first, end: naive(rewritten[first:end]))
    assert not consistent(old, new, then, naive(rewritten), forged)
    assert not consistent(old, new, then, now, [*path, bytes(32)])
    if path:
        assert not consistent(old, new, then, now, path[:-1])
    assert not consistent(0, new, then, now, path)


def test_full_tiles_are_given_away_once() -> None:
    hashes = leaves(2 * TILE + 5)
    edge = edge_of(hashes)
    assert edge.tiles == [naive(hashes[:TILE]), naive(hashes[TILE : 2 * TILE])]
    assert edge_of(edge.tiles).root() == naive(hashes[: 2 * TILE])
