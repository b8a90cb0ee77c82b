"""What the gate remembers: the policy's entries, the audit, the decisions, the advisory records.

Decided here:

* :meth:`Store.commit` is the one writing door for acts of people and feeds: entries, audit event
  and revision in one transaction. No change without an event, no event without a change.
* Every entry is kept for ever; ending one writes when. What was in force at any time can be read.
* Traffic (:meth:`Store.record`) comes in groups and has a chain of its own.
* Everything here is synchronous and safe to call from any thread; callers keep it off the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from packaging.utils import NormalizedName

from proxy.model import (
    Actor,
    Advisory,
    Answered,
    AuditEvent,
    Change,
    DecisionRecord,
    Demand,
    Entry,
    HandedOut,
    ReleaseFile,
    Session,
    Wanted,
)
from proxy.policy.ledger import Flaw
from proxy.policy.notes import Checkpoint, Trust
from proxy.policy.packing import Parts
from proxy.store.asked import Repeats
from proxy.store.filters import DecisionFilter, EventFilter
from proxy.store.trail import Trail

__all__ = [
    "AdvisoryRow",
    "Decision",
    "DecisionFilter",
    "EventFilter",
    "Kept",
    "Reach",
    "Store",
    "Trail",
]


@dataclass(frozen=True, slots=True)
class Kept:
    """Entries put and ids ended since some event, with the revision and the newest event they make."""

    puts: tuple[Entry, ...]
    ends: tuple[str, ...]
    revision: int
    seq: int


@dataclass(frozen=True, slots=True)
class AdvisoryRow:
    """An advisory as the store keeps it, packed where it was read: writing it computes nothing.

    ``record`` is the whole of it (msgpack), ``digest`` that of what the gate understood of it, ``about`` what
    matching needs.
    """

    id: str
    modified: datetime
    digest: str
    record: bytes
    about: Parts


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision record with its place in the chain."""

    seq: int
    record: DecisionRecord


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a release went: to how many clients (by address), with how many files handed out, when last."""

    project: NormalizedName
    version: str
    clients: int
    files: int
    last: datetime


class AccessRecords(Protocol):
    """What signing in leaves behind. The words of each are in :mod:`proxy.store.access`."""

    def open_session(self, session: Session) -> None:
        """Keep a session."""

    def session(self, sha256: str) -> Session | None:
        """Return the session whose secret has this digest."""

    def sessions(self) -> list[Session]:
        """Return every session, the last seen first."""

    def see_session(self, identity: str, at: datetime) -> None:
        """Note that a session was used."""

    def end_session(self, identity: str) -> bool:
        """Forget a session; False where there was none."""

    def spend(self, key: str, until: datetime, at: datetime) -> bool:
        """Use something up that may be used once before ``until``; False where it was used already."""

    def advance(self, key: str, counter: int) -> bool:
        """Raise a counter; False where it stands there already, or higher."""

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Note when tokens were last used, by their ids."""

    def uses(self) -> Mapping[str, datetime]:
        """Return when each token was last used."""

    def sweep(self, at: datetime) -> None:
        """Forget sessions that ran out by themselves."""


class Store(Protocol):
    """What every store offers. Errors: :class:`~proxy.errors.StoreError` and its family."""

    @property
    def access(self) -> AccessRecords:
        """What signing in leaves behind."""

    @property
    def repeats(self) -> Repeats:
        """Requests under idempotency keys."""

    @property
    def trail(self) -> Trail:
        """What the auditor asks: how the chains are sealed, proved, exported and archived."""

    def close(self) -> None:
        """Release everything. Idempotent."""

    def look_through(self) -> None:
        """Look for damage in everything kept; once any was found no change is taken. Raises StoreError."""

    def load(self, after_seq: int = 0) -> Kept:
        """Return the entries that changed after event ``after_seq`` (0: all that are in force)."""

    def revision(self) -> int:
        """Return the revision of the policy in force."""

    def newest(self) -> int:
        """Return the number of the newest event, 0 where there is none."""

    def commit(
        self,
        change: Change,
        actor: Actor,
        at: datetime,
        *,
        if_revision: int | None = None,
        advisories: Iterable[AdvisoryRow] = (),
        forget: Sequence[str] = (),
    ) -> AuditEvent:
        """Write one act: its entries, the advisory records it brings or drops, its event, the revision.

        Raises RevisionConflict when ``if_revision`` is given and no longer the one in force.
        """

    def events(self, wanted: EventFilter) -> list[AuditEvent]:
        """Return matching audit events, newest first."""

    def entries(self, kind: str) -> list[Entry]:
        """Return the entries of one kind that are in force, oldest first."""

    def verify(
        self,
        trust: Trust | None = None,
        kept: Sequence[Checkpoint] = (),
        pause: Callable[[], None] = lambda: None,
    ) -> Iterator[Flaw]:
        """Yield what is wrong with the chains, the entries, and their checkpoints (those kept elsewhere as well).

        ``trust`` is who signed the stored checkpoints; ``pause`` is called after every thousand records.
        """

    def record(self, records: Sequence[tuple[str, DecisionRecord]], *, again: bool = False) -> None:
        """Write decisions, each with an id unique for ever. ``again``: some may be written already."""

    def decisions(self, wanted: DecisionFilter) -> list[Decision]:
        """Return matching decisions, newest first."""

    def demand(self, since: datetime, project: str = "") -> list[Demand]:
        """Return what was refused since then, of one project or of all, the most wanted first."""

    def wanted(self, since: datetime, verdict: str = "") -> list[Wanted]:
        """Return what installers wanted since then (with one verdict alone), a line a file or page of a channel.

        Metadata counts only where it was refused: there an installer that meant the file went no further.
        """

    def answered(self, since: datetime) -> list[Answered]:
        """Return how often each verdict was given on each day since then, the oldest day first."""

    def handed_out(
        self, projects: Collection[str], version: str = "", sha256: str = "", most: int = -1
    ) -> list[HandedOut]:
        """Return who got files of these projects (or the file with this digest), the newest first, ``most`` of them."""

    def reach(self, projects: Collection[str]) -> list[Reach]:
        """Return every release of these projects that anybody got files of, the one got last first."""

    def keep_first(self, project: str, file: ReleaseFile, at: datetime) -> ReleaseFile:
        """Keep a file as the first of its name, unless there was one: return the one that is kept, for ever."""

    def first_files(self, project: str) -> Mapping[str, ReleaseFile]:
        """Return the files of a project that were the first of their names, by name."""

    def advisories_kept(self) -> Mapping[str, tuple[datetime, str, bytes]]:
        """Return ``modified``, digest and the packed whole of every advisory record kept, by id."""

    def advisory(self, identity: str) -> Advisory | None:
        """Return one advisory record whole, None where there is none with that id."""

    def packed_advisories(self) -> Mapping[str, bytes]:
        """Return the packed advisories of every project that has any."""
