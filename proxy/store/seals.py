"""The tree over each chain in the embedded store: its checkpoints, its full tiles, and what is proved from them.

Decided here:

* Writing a record costs the tree nothing: sealing reads the hashes that were added since the last checkpoint.
* A checkpoint is never taken back, and two over the same size are the same one.
* What was archived is proved from the segment's file, as long as it lies where it was put.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.policy import ledger, merkle
from proxy.policy.merkle import TILE, Edge
from proxy.policy.proofs import Proof, entry
from proxy.store import chains, rows
from proxy.store.archive import Archive
from proxy.store.connections import Connections
from proxy.store.sql import insert
from proxy.store.trail import Chain, Sealed, Shortened, Sign


class Seals:
    """Seals the chains of one database."""

    def __init__(self, connections: Connections, archive: Archive) -> None:
        self._connections, self._archive = connections, archive

    def seal(self, chain: Chain, sign: Sign, at: datetime) -> Sealed | None:
        """Sign what a chain is now, None where nothing was added since. Raises Shortened, StoreError."""
        with self._connections.reading() as db:
            edge = _edge(db, chain)
            sealed, last = edge.size, chains.head(db, chain)[0]
            if last < sealed:
                raise Shortened(chain, last, sealed)
            while edge.size < last:
                for found in chains.hashes(db, chain, edge.size, min(edge.size + chains.PAGE, last)):
                    edge.add(entry(found))
        if edge.size == sealed:
            return None
        signed = sign(chain, edge.size, edge.root())
        with self._connections.transaction("full") as db:
            if _edge(db, chain).size != sealed:
                return None  # another process was first
            for number, tile in enumerate(edge.tiles, sealed // TILE):
                db.execute("insert or ignore into tiles values (?, ?, ?)", [chain, number, tile])
            return write(db, chain, edge, signed, at)

    def latest(self, chain: Chain) -> Sealed | None:
        """Return the checkpoint of a chain that covers most."""
        sql = "select * from checkpoints where chain = ? order by size desc limit 1"
        return self._first(sql, [chain])

    def sealed(self, after: int, limit: int) -> list[Sealed]:
        """Return checkpoints by their ids, in the order they were made."""
        with self._connections.reading() as db:
            found = db.query("select * from checkpoints where id > ? order by id limit ?", [after, limit])
            return [_sealed(row) for row in found]

    def root(self, chain: Chain, size: int) -> bytes | None:
        """Return the root over the first ``size`` records, None where they are not all at hand."""
        try:
            with self._connections.reading() as db:
                return self._subtree(db, chain, 0, size) if size else merkle.EMPTY
        except _NotAtHand:
            return None

    def prove(self, chain: Chain, seq: int, size: int | None) -> Proof | None:
        """Return the proof that a record is in a checkpoint, None where there is no such record or checkpoint."""
        sql = "select * from checkpoints where chain = ? and size <= ? order by size desc limit 1"
        found = self._first(sql, [chain, size or chains.LAST])
        if found is None or not 1 <= seq <= found.size or size not in {None, found.size}:
            return None
        try:
            with self._connections.reading() as db:
                record = self._record(db, chain, seq)
                path = merkle.inclusion(seq - 1, found.size, lambda first, end: self._subtree(db, chain, first, end))
        except _NotAtHand:
            return None
        return Proof(
            ledger.sealed_bytes(ledger.bare(record), str(record["previous"])), seq - 1, tuple(path), found.note
        )

    def consistency(self, chain: Chain, old: int, new: int) -> list[bytes] | None:
        """Return the proof that ``new`` records begin with ``old`` ones, None where they are not all at hand."""
        try:
            with self._connections.reading() as db:
                if not 0 < old <= new <= chains.head(db, chain)[0]:
                    return None
                return merkle.consistency(old, new, lambda first, end: self._subtree(db, chain, first, end))
        except _NotAtHand:
            return None

    def _first(self, sql: str, values: list[object]) -> Sealed | None:
        with self._connections.reading() as db:
            row = next(db.query(sql, values), None)
            return None if row is None else _sealed(row)

    def _subtree(self, db: Database, chain: Chain, first: int, end: int) -> bytes:
        """Return the root over leaves ``first`` to ``end``; where that holds a whole tile, ``first`` begins one.

        Full tiles are read as they were kept, the rest from the records' hashes.
        """
        if first % TILE or end - first < TILE:
            return merkle.edge_of(self._leaves(db, chain, first, end)).root()
        full = end // TILE
        roots = tiles(db, chain, first // TILE, full)
        for number in range(first // TILE + len(roots), full):  # filled since the last checkpoint
            roots.append(merkle.edge_of(self._leaves(db, chain, number * TILE, (number + 1) * TILE)).root())
        if end % TILE:
            roots.append(merkle.edge_of(self._leaves(db, chain, full * TILE, end)).root())
        return merkle.edge_of(roots).root()

    def _leaves(self, db: Database, chain: Chain, first: int, end: int) -> list[bytes]:
        found = chains.hashes(db, chain, first, end)
        if len(found) < end - first and chain == "decisions":
            found = [str(record["hash"]) for record in self._archive.records(db, first, end)] + found
        if len(found) != end - first:
            raise _NotAtHand
        return [entry(each) for each in found]

    def _record(self, db: Database, chain: Chain, seq: int) -> rows.Record:
        found = list(chains.read(db, chain, seq - 1, seq))
        if not found and chain == "decisions":
            found = self._archive.records(db, seq - 1, seq)
        if not found:
            raise _NotAtHand
        return found[0]


class _NotAtHand(Exception):
    """Some record is neither in the database nor in the archive."""


def write(db: Database, chain: Chain, edge: Edge, signed: str, at: datetime) -> Sealed:
    """Keep a checkpoint, inside the caller's transaction."""
    row = {"chain": chain, "size": edge.size, "root": edge.root(), "edge": b"".join(edge.peaks), "note": signed}
    insert(db, "checkpoints", {**row, "at": rows.instant(at)})
    identity = int(db.execute("select last_insert_rowid()").fetchone()[0])
    return Sealed(identity, chain, edge.size, edge.root(), signed, at)


def note(db: Database, chain: Chain, edge: Edge) -> str | None:
    """Return the note that was signed over this tree, None where none was. Raises StoreError for another tree's."""
    found = db.query("select root, note from checkpoints where chain = ? and size = ?", [chain, edge.size])
    row = next(found, None)
    if row is not None and row["root"] != edge.root():
        raise StoreError(f"The {chain} up to {edge.size} are not those that were sealed: wicketgate audit verify")
    return None if row is None else str(row["note"])


def tiles(db: Database, chain: Chain, first: int, end: int) -> list[bytes]:
    """Return the roots of tiles ``first`` to ``end`` as they were kept, as far as they were."""
    sql = "select number, root from tiles where chain = ? and number >= ? and number < ? order by number"
    found = [(row["number"], row["root"]) for row in db.query(sql, [chain, first, end])]
    return [root for place, (number, root) in enumerate(found, first) if place == number]


def unpacked(size: int, packed: bytes) -> Edge:
    """Return the edge that :func:`write` kept."""
    return Edge(size, [packed[place : place + 32] for place in range(0, len(packed), 32)])


def begin(db: Database, chain: Chain) -> tuple[int, str, Edge]:
    """Return after which record a chain begins in the database, that record's hash, and the tree up to it."""
    row = None
    if chain == "decisions":
        row = next(db.query("select last, hash, edge from segments order by last desc limit 1"), None)
    return (
        (0, ledger.GENESIS, Edge()) if row is None else (row["last"], row["hash"], unpacked(row["last"], row["edge"]))
    )


def _edge(db: Database, chain: Chain) -> Edge:
    row = next(db.query("select size, edge from checkpoints where chain = ? order by size desc limit 1", [chain]), None)
    return Edge() if row is None else unpacked(row["size"], row["edge"])


def _sealed(row: rows.Record) -> Sealed:
    return msgspec.convert(row, Sealed)
