"""Figures about the record, for whoever collects metrics: read from the store, so that every worker says the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proxy.audit.delivery import waiting
from proxy.audit.destinations import Destination
from proxy.policy.changes_audit import FLAWED, VERIFIED
from proxy.store import EventFilter, Store
from proxy.store.trail import CHAINS


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure: its name, what it says, and its values by a label ("" where it has none)."""

    name: str
    help: str
    label: str
    values: Mapping[str, float]


def gauges(store: Store, destinations: Sequence[Destination]) -> Iterator[Gauge]:
    """Yield the figures of now. Raises StoreError. It reads the database: call it off the loop."""
    last: dict[str, float] = {}
    sealed: dict[str, float] = {}
    for chain in CHAINS:
        latest = store.trail.latest(chain)
        last[chain], sealed[chain] = store.trail.last(chain), latest.size if latest else 0
    yield Gauge("audit_records", "Records written to a chain, ever.", "chain", last)
    yield Gauge("audit_sealed", "Records of a chain that a checkpoint covers.", "chain", sealed)
    yield from _verified(store)
    if destinations:
        left = {place.name: float(waiting(store.trail, place)) for place in destinations}
        yield Gauge("audit_export_waiting", "Records that a destination has not taken yet.", "destination", left)


def _verified(store: Store) -> Iterator[Gauge]:
    """Yield how the log was found when it was verified last; nothing before the first time."""
    found = [event for tag in (VERIFIED, FLAWED) for event in store.events(EventFilter(tag=tag, limit=1))]
    if found:
        newest = max(found, key=lambda event: event.seq)
        intact = float(newest.tag == VERIFIED)
        yield Gauge("audit_intact", "1 where the log was intact when it was verified last.", "", {"": intact})
        said = "When the log was verified last, in seconds since 1970."
        yield Gauge("audit_verified_timestamp_seconds", said, "", {"": newest.at.timestamp()})
