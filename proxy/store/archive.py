"""Decisions that leave the database: sealed, written to a file of their own, and only then deleted.

Decided here:

* A segment is full tiles of the tree, so that what stays can be proved without it. It ends at a checkpoint that
  is signed for it, and the chain goes on from there: verifying begins at the last segment's end.
* File first, made to last (fsync, rename), then one transaction: checkpoint, segment, deletion. A crash between
  leaves a file too many, never a record too few. The triggers of the schema let nothing else delete.
* A file is JSON Lines, compressed: one line about the segment (its checkpoint, and the edge of the tree before
  it, so that the file alone leads to the checkpoint), then the records as they were hashed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.policy.merkle import TILE, Edge
from proxy.store import chains, rows, words
from proxy.store.sql import insert
from proxy.store.trail import Segment

LONGEST = 4 * TILE
"""Records of a segment at most: they leave in one transaction, which holds the writing door."""


class Archive:
    """The segments' files in ``directory``, which is made when it is first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, first: int, last: int, before: Edge, note: str, records: Iterable[rows.Record]) -> tuple[str, str]:
        """Write a segment's file and make it last. Returns its name and SHA-256. Raises StoreError."""
        name = f"decisions-{first:012d}-{last:012d}.jsonl.gz"
        about = {"first": first, "last": last, "edge": [peak.hex() for peak in before.peaks], "checkpoint": note}
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as file:
            for line in (about, *records):
                file.write(msgspec.json.encode(line, order="sorted") + b"\n")
        content = packed.getvalue()
        try:
            self._put(name, content)
        except OSError as error:
            raise StoreError(f"The archive cannot be written: {self._directory} ({error.strerror})") from error
        return name, hashlib.sha256(content).hexdigest()

    def _put(self, name: str, content: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / f"{name}.new"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        path.rename(self._directory / name)
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def content(self, name: str) -> bytes | None:
        """Return a segment's file as it lies there, None where it does not."""
        try:
            return (self._directory / name).read_bytes()
        except OSError:
            return None

    def records(self, db: Database, first: int, end: int) -> list[rows.Record]:
        """Return archived records from after number ``first`` to ``end``, as far as their files are at hand."""
        found: list[rows.Record] = []
        for segment in segments(db, first + 1, end):
            content = self.content(segment.file)
            if content is None or hashlib.sha256(content).hexdigest() != segment.sha256:
                return []
            lines = gzip.decompress(content).splitlines()[1:]
            found += [msgspec.json.decode(line, type=dict[str, object]) for line in lines]
        return [record for record in found if first < int(str(record["seq"])) <= end]


def segments(db: Database, first: int = 1, last: int = chains.LAST) -> list[Segment]:
    """Return the segments that hold any of these records, oldest first."""
    found = db.query("select * from segments where last >= ? and first <= ? order by first", [first, last])
    return [
        Segment(row["first"], row["last"], row["file"], row["sha256"], row["note"], rows.moment(row["at"]))
        for row in found
    ]


def next_cut(db: Database, before: datetime, upto: int) -> tuple[int, int]:
    """Return after which record the next segment begins and with which it ends; both the same where there is none.

    All of its records are older than ``before``, sealed, and none is above ``upto``.
    """
    begun = next(db.query("select coalesce(max(last), 0) as last from segments"))["last"]
    young = chains.between(db, "decisions", before, None)[0]
    sealed = next(db.query("select coalesce(max(size), 0) as size from checkpoints where chain = 'decisions'"))["size"]
    cut = min(young - 1, sealed, upto, begun + LONGEST) // TILE * TILE
    return begun, max(begun, cut)


def move(db: Database, segment: Segment, last_hash: str, edge: Edge) -> None:
    """Keep a segment and delete its records, inside the caller's transaction."""
    row = {"first": segment.first, "last": segment.last, "hash": last_hash, "edge": b"".join(edge.peaks)}
    kept = {"note": segment.note, "file": segment.file, "sha256": segment.sha256, "at": rows.instant(segment.at)}
    insert(db, "segments", {**row, **kept})
    found = [
        (int(str(record["seq"])), words.of_decision(rows.decision_of(record)))
        for record in chains.read(db, "decisions", segment.first - 1, segment.last)
    ]
    forget = "insert into decisions_words (decisions_words, rowid, words) values ('delete', ?, ?)"
    db.conn.executemany(forget, found)
    db.execute("delete from decisions where seq between ? and ?", [segment.first, segment.last])
