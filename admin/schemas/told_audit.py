"""What the auditor's routes tell."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from admin.schemas.told import DecisionOut, EventOut, event_data
from proxy.audit.delivery import Standing
from proxy.model import SavedQuery
from proxy.store.trail import EntryChange, Sealed, Segment, Told


class Ends(TypedDict):
    """Where a page of records (newest first) ends.

    ``next`` is the ``before`` of older records, None where this page reached the first; ``previous`` is the
    ``after`` of newer ones, which may not be there yet.
    """

    next: int | None
    previous: int | None


class EventsOut(Ends):
    """A page of changes."""

    events: list[EventOut]


class DecisionsOut(Ends):
    """A page of what was handed out or refused."""

    decisions: list[DecisionOut]


def ends(found: Sequence[EventOut] | Sequence[DecisionOut], limit: int, *, upwards: bool) -> Ends:
    """Return where a page of so many records at the most ends; ``upwards``: it was asked for from below."""
    older = bool(found) and (upwards or len(found) == limit)
    return {"next": found[-1]["seq"] if older else None, "previous": found[0]["seq"] if found else None}


class EntryOut(TypedDict):
    """What happened to an entry: it whole before and after, and each member that changed, before and after.

    ``vouched`` says whether the log confirms that it was so.
    """

    id: str
    kind: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    changed: dict[str, list[object]]
    vouched: bool


class ToldOut(EventOut):
    """A change, and what it replaced."""

    entries: list[EntryOut]


def told_data(told: Told) -> ToldOut:
    """Return an event with what it replaced as JSON data."""
    return {**event_data(told.event), "entries": [_entry(change) for change in told.entries]}


def _entry(change: EntryChange) -> EntryOut:
    before, after = change.before, change.after
    changed = {}
    if before is not None and after is not None:
        names = sorted(before.keys() | after.keys())
        changed = {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
    return {
        "id": change.id,
        "kind": change.kind,
        "before": None if before is None else dict(before),
        "after": None if after is None else dict(after),
        "changed": changed,
        "vouched": change.vouched,
    }


class SealedOut(TypedDict):
    """A signed checkpoint (c2sp.org/tlog-checkpoint)."""

    id: int
    chain: str
    size: int
    at: str
    note: str


class CheckpointsOut(TypedDict):
    """Checkpoints; ``next`` is the ``after`` of the following page."""

    checkpoints: list[SealedOut]
    next: int | None


class NewestOut(TypedDict):
    """The newest checkpoint of each chain."""

    checkpoints: list[SealedOut]


class KeysOut(TypedDict):
    """The public key as verifier keys (c2sp.org/signed-note), one line a chain."""

    keys: str


class ProofOut(TypedDict):
    """A proof that a record is in a checkpoint (c2sp.org/tlog-proof)."""

    proof: str


class ConsistencyOut(TypedDict):
    """The hashes of a consistency proof (RFC 6962), in base64."""

    hashes: list[str]


class FlawOut(TypedDict):
    """What is wrong with the record, and at which number."""

    seq: int
    problem: str


class VerifiedOut(TypedDict):
    """Whether the record is intact, the first hundred flaws, and how many events and decisions there are."""

    intact: bool
    flaws: list[FlawOut]
    events: int
    decisions: int


def sealed_data(sealed: Sealed) -> SealedOut:
    """Return a checkpoint as JSON data."""
    at = sealed.at.isoformat()
    return {"id": sealed.id, "chain": sealed.chain, "size": sealed.size, "at": at, "note": sealed.note}


class SegmentOut(TypedDict):
    """Decisions that were archived, with the checkpoint that covers them."""

    first: int
    last: int
    file: str
    sha256: str
    at: str
    checkpoint: str


def segment_data(segment: Segment) -> SegmentOut:
    """Return what was archived as JSON data."""
    return {
        "first": segment.first,
        "last": segment.last,
        "file": segment.file,
        "sha256": segment.sha256,
        "at": segment.at.isoformat(),
        "checkpoint": segment.note,
    }


class StandingOut(TypedDict):
    """How it goes with a destination of the record: how much waits, and what is in the way ("": nothing)."""

    destination: str
    format: str
    waiting: int
    problem: str
    failing_since: str | None


def standing_data(standing: Standing) -> StandingOut:
    """Return how it goes with a destination as JSON data."""
    return {
        "destination": standing.destination,
        "format": standing.format,
        "waiting": standing.waiting,
        "problem": standing.problem,
        "failing_since": standing.failing_since.isoformat() if standing.failing_since else None,
    }


class QueryOut(TypedDict):
    """A search that was kept; ``mine``: by whoever asks."""

    id: str
    name: str
    about: str
    wanted: dict[str, str]
    shared: bool
    mine: bool
    by: str
    at: str


def query_data(query: SavedQuery, mine: str) -> QueryOut:
    """Return a saved query as JSON data; ``mine`` is the id of who asks."""
    return {
        "id": query.id,
        "name": query.name,
        "about": query.about,
        "wanted": dict(query.wanted),
        "shared": query.shared,
        "mine": query.owner == mine,
        "by": query.by,
        "at": query.at.isoformat(),
    }
