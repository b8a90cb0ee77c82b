"""The auditor's side of the embedded store (:class:`~proxy.store.trail.Trail`): its parts, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from proxy.errors import StoreError
from proxy.policy import ledger
from proxy.policy.ledger import Flaw
from proxy.policy.merkle import Edge
from proxy.policy.notes import Checkpoint, Trust
from proxy.policy.proofs import Proof, entry
from proxy.policy.reporting import Lifetime, Tally
from proxy.store import archive, chains, history, seals, sql, traffic
from proxy.store.connections import Connections
from proxy.store.trail import Chain, Position, Record, Sealed, Segment, Sign, Told
from proxy.store.verifying import Verifier


class SqliteTrail:
    """The trail of one database; segments go to ``folder``."""

    def __init__(self, connections: Connections, folder: Path) -> None:
        self._connections = connections
        self._archive = archive.Archive(folder)
        self._seals = seals.Seals(connections, self._archive)

    @property
    def instance(self) -> str:
        """Which gate this is, for ever."""
        with self._connections.reading() as db:
            return sql.value(db, "instance") or ""

    def last(self, chain: Chain) -> int:
        """Return the number of the last record of a chain, 0 where there is none."""
        with self._connections.reading() as db:
            return chains.head(db, chain)[0]

    def records(self, chain: Chain, after: int = 0, limit: int = 1000) -> list[Record]:
        """Return records in their order, from after a number; archived ones as long as their files are at hand."""
        with self._connections.reading() as db:
            found = chains.page(db, chain, after, chains.LAST, limit)
            begun = seals.begin(db, chain)[0]
            if after < begun:
                found = [*self._archive.records(db, after, min(after + limit, begun)), *found]
            return list(found[:limit])

    def within(self, chain: Chain, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Return the first and last number that a record of a period can have; none of it is outside."""
        with self._connections.reading() as db:
            return chains.between(db, chain, since, until)

    def told(self, seq: int) -> Told | None:
        """Return an event with the entries before and after it, None where there is no such event."""
        with self._connections.reading() as db:
            return history.told(db, seq)

    def lifetimes(self, kind: str, by: str = "") -> list[Lifetime]:
        """Return every entry of a kind there ever was (``by`` an actor's id), oldest first, and how each was ended."""
        with self._connections.reading() as db:
            return history.lifetimes(db, kind, by)

    def tally(self, since: datetime, until: datetime) -> Tally:
        """Return what the decisions of a period add up to."""
        with self._connections.reading() as db:
            return traffic.tally(db, since, until)

    def verify(
        self,
        trust: Trust | None = None,
        kept: Sequence[Checkpoint] = (),
        pause: Callable[[], None] = lambda: None,
    ) -> Iterator[Flaw]:
        """Yield what is wrong with the chains, the entries, and their checkpoints."""
        with self._connections.reading() as db:
            yield from Verifier(db, self._seals, self._archive, trust, kept, pause).flaws()

    def seal(self, chain: Chain, sign: Sign, at: datetime) -> Sealed | None:
        """Sign what a chain is now, None where nothing was added since. Raises Shortened."""
        return self._seals.seal(chain, sign, at)

    def sealed(self, after: int = 0, limit: int = 1000) -> list[Sealed]:
        """Return checkpoints by their ids, in the order they were made."""
        return self._seals.sealed(after, limit)

    def latest(self, chain: Chain) -> Sealed | None:
        """Return the checkpoint of a chain that covers most."""
        return self._seals.latest(chain)

    def root(self, chain: Chain, size: int) -> bytes | None:
        """Return the root over the first ``size`` records, None where they are not all at hand."""
        return self._seals.root(chain, size)

    def prove(self, chain: Chain, seq: int, size: int | None = None) -> Proof | None:
        """Return the proof that a record is in a checkpoint, None where there is none."""
        return self._seals.prove(chain, seq, size)

    def consistency(self, chain: Chain, old: int, new: int) -> list[bytes] | None:
        """Return the proof that ``new`` records begin with ``old`` ones, None where there are not as many."""
        return self._seals.consistency(chain, old, new)

    def archive(self, before: datetime, upto: int, sign: Sign, at: datetime) -> Segment | None:
        """Move the oldest sealed decisions to a file. Raises StoreError, also for decisions that were altered."""
        with self._connections.reading() as db:
            begun, cut = archive.next_cut(db, before, upto)
            if begun == cut:
                return None
            records = list(chains.read(db, "decisions", begun, cut))
            _, previous, edge = seals.begin(db, "decisions")
            past = Edge(edge.size, edge.peaks)
            for flaw in ledger.verify(records, begun, previous):
                raise StoreError(f"Nothing is archived: {flaw.problem.replace('event', 'decision')}")
            for record in records:
                edge.add(entry(str(record["hash"])))
            noted = seals.note(db, "decisions", edge)
        note = noted or sign("decisions", edge.size, edge.root())
        file, sha256 = self._archive.write(begun + 1, cut, past, note, records)
        segment = Segment(begun + 1, cut, file, sha256, note, at)
        with self._connections.transaction("full") as db:
            if noted is None:
                seals.write(db, "decisions", edge, note, at)
            archive.move(db, segment, str(records[-1]["hash"]), edge)
        return segment

    def segments(self) -> list[Segment]:
        """Return what was archived, oldest first."""
        with self._connections.reading() as db:
            return archive.segments(db)

    def position(self, destination: str) -> Position:
        """Return how far a destination has got."""
        with self._connections.reading() as db:
            row = next(db.query("select * from outbox where destination = ?", [destination]), None)
            return Position() if row is None else Position(row["events"], row["decisions"], row["checkpoints"])

    def advance(self, destination: str, position: Position) -> None:
        """Keep how far a destination has got."""
        with self._connections.transaction("normal") as db:
            values = [destination, position.events, position.decisions, position.checkpoints]
            db.execute("insert or replace into outbox values (?, ?, ?, ?)", values)
