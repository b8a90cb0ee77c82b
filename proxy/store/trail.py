"""The auditor's side of a store: the chains as they are sealed, proved, verified, exported and archived.

Decided here:

* ``chain`` is "events" or "decisions" everywhere. A record is a flat mapping as it was hashed, with ``previous``
  and ``hash`` beside it. ``size`` is how many records a checkpoint covers, the first being number 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from proxy.errors import GateError
from proxy.model import AuditEvent
from proxy.policy.proofs import Proof
from proxy.policy.reporting import Lifetime, Tally

Chain = Literal["events", "decisions"]
CHAINS: tuple[Chain, Chain] = ("events", "decisions")
Record = Mapping[str, object]
Sign = Callable[[Chain, int, bytes], str]
"""From a chain, a size and a root to a signed note."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint as it was signed. ``id`` orders them by when they were made."""

    id: int
    chain: Chain
    size: int
    root: bytes
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What an event did to one entry: how it stood before and after, None where it was not in force.

    ``vouched`` says whether both are what the chain says they were.
    """

    id: str
    kind: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    vouched: bool


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what it replaced."""

    event: AuditEvent
    entries: tuple[EntryChange, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """Decisions that were written to a file with their checkpoint and left the database."""

    first: int
    last: int
    file: str
    sha256: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Position:
    """How far a destination has got: the last event, decision and checkpoint (by its id) that it took."""

    events: int = 0
    decisions: int = 0
    checkpoints: int = 0


class Shortened(GateError):
    """A chain ends before what was sealed of it. ``size`` was sealed, ``last`` is the last record there is."""

    def __init__(self, chain: Chain, last: int, size: int) -> None:
        super().__init__(f"The {chain} end at {last}, although a checkpoint over {size} was signed.")
        self.chain, self.last, self.size = chain, last, size


class Trail(Protocol):
    """What every store offers the auditor. Errors: :class:`~proxy.errors.StoreError`."""

    @property
    def instance(self) -> str:
        """Which gate this is, for ever: its checkpoints are named by it."""

    def last(self, chain: Chain) -> int:
        """Return the number of the last record of a chain, 0 where there is none."""

    def records(self, chain: Chain, after: int = 0, limit: int = 1000) -> list[Record]:
        """Return records in their order, from after a number."""

    def within(self, chain: Chain, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Return the first and last number that a record of a period can have; none of it is outside."""

    def told(self, seq: int) -> Told | None:
        """Return an event with the entries before and after it, None where there is no such event."""

    def lifetimes(self, kind: str, by: str = "") -> list[Lifetime]:
        """Return every entry of a kind there ever was (``by`` an actor's id), oldest first, and how each was ended."""

    def tally(self, since: datetime, until: datetime) -> Tally:
        """Return what the decisions of a period add up to."""

    def seal(self, chain: Chain, sign: Sign, at: datetime) -> Sealed | None:
        """Sign what a chain is now, None where nothing was added since. Raises Shortened."""

    def sealed(self, after: int = 0, limit: int = 1000) -> list[Sealed]:
        """Return checkpoints by their ids, in the order they were made."""

    def latest(self, chain: Chain) -> Sealed | None:
        """Return the checkpoint of a chain that covers most."""

    def root(self, chain: Chain, size: int) -> bytes | None:
        """Return the root over the first ``size`` records, None where there are not as many (or none at hand)."""

    def prove(self, chain: Chain, seq: int, size: int | None = None) -> Proof | None:
        """Return the proof that a record is in a checkpoint (the newest, or that over ``size``), None where none is."""

    def consistency(self, chain: Chain, old: int, new: int) -> list[bytes] | None:
        """Return the proof that ``new`` records begin with ``old`` ones, None where there are not as many."""

    def archive(self, before: datetime, upto: int, sign: Sign, at: datetime) -> Segment | None:
        """Move the oldest sealed decisions, all older than ``before`` and none above ``upto``, to a file.

        None where too few are that old for a segment.
        """

    def segments(self) -> list[Segment]:
        """Return what was archived, oldest first."""

    def position(self, destination: str) -> Position:
        """Return how far a destination has got."""

    def advance(self, destination: str, position: Position) -> None:
        """Keep how far a destination has got."""
