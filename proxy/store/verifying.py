"""Whether the record was altered: both chains from their first record at hand, their checkpoints, and the entries.

Decided here:

* Records are hashed again and chained again, and the tree over them is built again: each checkpoint, kept here or
  elsewhere, must be the tree's root at its size, and be signed by the gate's key where that key is at hand.
* Every entry, in force or ended, must be what some event says it put, and must have ended with an event that says so.
* What is kept beside the chains is compared with what they say of it (:mod:`proxy.store.advised`).
* What a checkpoint covers and the chain does not reach is missing. Only a checkpoint that somebody keeps elsewhere
  shows that the end was cut off together with its checkpoints, or that everything was rewritten by who has the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from sqlite_utils import Database

from proxy.policy import ledger
from proxy.policy.ledger import Flaw
from proxy.policy.merkle import TILE, Edge
from proxy.policy.notes import BadNote, Checkpoint, Trust, parse
from proxy.policy.proofs import entry
from proxy.store import advised, chains, rows, spans
from proxy.store.archive import Archive, segments
from proxy.store.seals import Seals, begin, tiles
from proxy.store.trail import CHAINS, Chain

ONE = {"events": "event", "decisions": "decision"}
MOST = 1000


@dataclass(frozen=True, slots=True)
class Verifier:
    """Goes through one database once. ``pause`` is called after every thousand records."""

    db: Database
    seals: Seals
    archive: Archive
    trust: Trust | None
    kept: Sequence[Checkpoint]
    pause: Callable[[], None]

    def flaws(self) -> Iterator[Flaw]:
        """Yield what is wrong, chain by chain (at most :data:`MOST` flaws each), then entries and advisories."""
        for chain in CHAINS:
            for flaw in self._settled(chain):
                yield Flaw(flaw.seq, flaw.problem.replace("event", ONE[chain]))
        yield from self._entries()
        yield from advised.flaws(self.db)
        for chain in CHAINS:
            yield from spans.flaws(self.db, chain)

    def _settled(self, chain: Chain) -> list[Flaw]:
        """Return the flaws of a chain; one that was archived from meanwhile is gone through again."""
        while True:
            begun = begin(self.db, chain)[0]
            found = list(islice(self._chain(chain), MOST))
            if begin(self.db, chain)[0] == begun:
                return found

    def _chain(self, chain: Chain) -> Iterator[Flaw]:
        begun, previous, edge = begin(self.db, chain)
        if chain == "decisions":
            yield from self._segments()
        first = next(self.db.query(f"select min(seq) as seq from {chain}"))["seq"]  # noqa: S608  our own name
        if first is not None and first <= begun:
            yield Flaw(first, f"event {first} was added before the first that can be there")
        seals = _Comparison(self.db, chain, self.trust, [each for each in self.kept if each.chain == chain])
        yield from seals.archived(begun, self.seals)
        yield from ledger.verify(self._grown(chain, begun, edge, seals), begun, previous)
        yield from seals.found
        yield from seals.missing(edge.size)
        for number, root in enumerate(tiles(self.db, chain, begun // TILE, edge.size // TILE), begun // TILE):
            if root != edge.tiles[number - begun // TILE]:
                yield Flaw(number * TILE + 1, f"the tree kept another root for events {number * TILE + 1} and on")

    def _grown(self, chain: Chain, begun: int, edge: Edge, seals: _Comparison) -> Iterator[rows.Record]:
        """Pass a chain's records on and let the tree grow with them."""
        for record in chains.read(self.db, chain, begun):
            edge.add(entry(str(record["hash"])))
            seals.compare(edge)
            if not edge.size % chains.PAGE:
                self.pause()
            yield record

    def _segments(self) -> Iterator[Flaw]:
        expected = 1
        for segment in segments(self.db):
            if segment.first != expected:
                yield Flaw(expected, f"events {expected} to {segment.first - 1} were archived nowhere")
            content = self.archive.content(segment.file)
            if content is not None and hashlib.sha256(content).hexdigest() != segment.sha256:
                yield Flaw(segment.first, f"{segment.file} in the archive is not the file that was written there")
            expected = segment.last + 1

    def _entries(self) -> Iterator[Flaw]:
        standing: dict[str, int] = {}
        for seq, put, ended in _acts(self.db):
            gone = {name: standing.pop(name) for name in (*ended, *put) if name in standing}
            yield from _put(self.db, seq, put)
            yield from _ended(self.db, seq, gone)
            standing |= dict.fromkeys(put, seq)
        sql = "select id, put_seq from entries where put_seq not in (select seq from events)"
        for row in self.db.query(sql):
            yield Flaw(row["put_seq"], f"entry {row['id']} is not what any event put there")


class _Comparison:
    """A chain's checkpoints, compared with the tree as it grows."""

    def __init__(self, db: Database, chain: Chain, trust: Trust | None, kept: Sequence[Checkpoint]) -> None:
        self._db, self._chain, self._trust = db, chain, trust
        stored = [
            (row["size"], row["root"])
            for row in db.query("select size, root from checkpoints where chain = ?", [chain])
        ]
        marks = sorted([*stored, *((each.size, each.root) for each in kept)])
        self._marks = [(size, {root for _, root in same}) for size, same in groupby(marks, lambda mark: mark[0])]
        self._place, self._good = 0, 0
        self._stored = {size for size, _ in stored}
        self.found: list[Flaw] = []
        """What did not fit while the tree grew."""

    def archived(self, begun: int, seals: Seals) -> Iterator[Flaw]:
        """Compare what lies before the first record that is at hand."""
        while self._place < len(self._marks) and self._marks[self._place][0] <= begun:
            size, roots = self._marks[self._place]
            root = seals.root(self._chain, size)
            if root is None:
                yield Flaw(size, f"a checkpoint over {size} cannot be compared: the archive's files are not at hand")
            else:
                self._one(size, roots, root)
            self._place += 1

    def compare(self, edge: Edge) -> None:
        """Compare the checkpoint over as many records as the tree has now, if there is one."""
        if self._place < len(self._marks) and self._marks[self._place][0] == edge.size:
            self._one(edge.size, self._marks[self._place][1], edge.root())
            self._place += 1

    def missing(self, size: int) -> Iterator[Flaw]:
        """Yield what was sealed and is not there."""
        for sealed, _ in self._marks[self._place :][-1:]:
            said = f"events {size + 1} to {sealed} are missing: a checkpoint over {sealed} was signed"
            yield Flaw(size + 1, said)

    def _one(self, size: int, roots: set[bytes], root: bytes) -> None:
        if roots != {root}:
            said = f"events {self._good + 1} to {size} are not those that were sealed: they were rewritten"
            self.found.append(Flaw(self._good + 1, said))
            self._marks = self._marks[: self._place + 1]  # all that follow cover the same records
            return
        if size in self._stored:
            self._signed(size, root)
        self._good = size

    def _signed(self, size: int, root: bytes) -> None:
        """Check that the note says what the row says, and that the gate's key signed it."""
        sql = "select note from checkpoints where chain = ? and size = ?"
        note = next(self._db.query(sql, [self._chain, size]))["note"]
        try:
            said = self._trust.read(note) if self._trust else parse(note)[0]
        except BadNote as error:
            self.found.append(Flaw(size, f"the checkpoint over {size} cannot be believed: {error}"))
            return
        if (said.chain, said.size, said.root) != (self._chain, size, root):
            self.found.append(Flaw(size, f"the checkpoint over {size} says something else than was signed"))


def _acts(db: Database) -> Iterator[tuple[int, Mapping[str, str], Sequence[str]]]:
    """Yield each event's number, what it put (the digests by id), and what it ended."""
    for record in chains.read(db, "events"):
        detail = record["detail"]
        detail = detail if isinstance(detail, Mapping) else {}
        put, ended = detail.get("entries"), detail.get("ended")
        yield (
            int(str(record["seq"])),
            put if isinstance(put, Mapping) else {},
            ended if isinstance(ended, list) else [],
        )


def _put(db: Database, seq: int, put: Mapping[str, str]) -> Iterator[Flaw]:
    """Compare the entries that an event put with those that it says it put."""
    found = db.query("select id, kind, project, body from entries where put_seq = ?", [seq])
    there = {row["id"]: row for row in found}
    for name, row in there.items():
        if not rows.vouched(put.get(name), row):
            yield Flaw(seq, f"entry {name} is not what any event put there")
    for name in put.keys() - there.keys():
        yield Flaw(seq, f"entry {name}, put by event {seq}, is gone without an event that ended it")


def _ended(db: Database, seq: int, gone: Mapping[str, int]) -> Iterator[Flaw]:
    """Compare the entries that ended with an event with those that it says it ended or replaced."""
    found = db.query("select id, put_seq from entries where ended_seq = ?", [seq])
    there = {row["id"]: row["put_seq"] for row in found}
    for name in sorted(there.keys() | gone.keys()):
        if there.get(name) != gone.get(name):
            yield Flaw(seq, f"entry {name} did not end as event {seq} says")
