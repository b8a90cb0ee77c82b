"""What the auditor's routes tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from admin.schemas.told import event_data
from proxy.audit.delivery import Standing
from proxy.model import SavedQuery
from proxy.store.trail import EntryChange, Sealed, Segment, Told

Data = dict[str, object]


def page_data(name: str, found: Sequence[Mapping[str, object]], limit: int, *, upwards: bool) -> Data:
    """Return a page of records (newest first) and where the next ones begin.

    ``next`` is the ``before`` of older records, None where this page reached the first; ``previous`` is the
    ``after`` of newer ones, which may not be there yet.
    """
    older = bool(found) and (upwards or len(found) == limit)
    return {
        name: list(found),
        "next": found[-1]["seq"] if older else None,
        "previous": found[0]["seq"] if found else None,
    }


def told_data(told: Told) -> Data:
    """Return an event with what it replaced as JSON data."""
    return {**event_data(told.event), "entries": [_entry(change) for change in told.entries]}


def _entry(change: EntryChange) -> Data:
    """Return what happened to an entry: it whole, and of one that was replaced what changed."""
    before, after = change.before, change.after
    changed = {}
    if before is not None and after is not None:
        names = sorted(before.keys() | after.keys())
        changed = {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
    return {
        "id": change.id,
        "kind": change.kind,
        "before": before,
        "after": after,
        "changed": changed,
        "vouched": change.vouched,
    }


def sealed_data(sealed: Sealed) -> Data:
    """Return a checkpoint as JSON data."""
    at = sealed.at.isoformat()
    return {"id": sealed.id, "chain": sealed.chain, "size": sealed.size, "at": at, "note": sealed.note}


def segment_data(segment: Segment) -> Data:
    """Return what was archived as JSON data."""
    return {
        "first": segment.first,
        "last": segment.last,
        "file": segment.file,
        "sha256": segment.sha256,
        "at": segment.at.isoformat(),
        "checkpoint": segment.note,
    }


def standing_data(standing: Standing) -> Data:
    """Return how it goes with a destination as JSON data."""
    return {
        "destination": standing.destination,
        "format": standing.format,
        "waiting": standing.waiting,
        "problem": standing.problem,
        "failing_since": standing.failing_since.isoformat() if standing.failing_since else None,
    }


def query_data(query: SavedQuery, mine: str) -> Data:
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
