"""Everything that keeps the record, put together: what runs beside the gate, and what is said of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from proxy.alerts import Alerts
from proxy.audit.delivery import Delivery, Standing
from proxy.audit.keeping import Keeping
from proxy.audit.key import KeyPlace
from proxy.audit.lease import Lease
from proxy.audit.retention import Retention
from proxy.audit.sealing import Sealer
from proxy.audit.watching import Watch
from proxy.errors import StoreError
from proxy.store import Store
from proxy.store.trail import CHAINS

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[object, object, None]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure for whoever collects metrics: its name, its labels, its value, and what it says."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    help: str


class Keeper:
    """Keeps the record of one store."""

    def __init__(
        self, store: Store, alerts: Alerts, keeping: Keeping, lease: Path, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._lease = store, Lease(lease)
        self.sealer = Sealer(store, KeyPlace(keeping.key), alerts, clock)
        self.watch = Watch(store, self.sealer, alerts, clock)
        self.deliveries = [Delivery(store, place, alerts, clock) for place in keeping.destinations]
        self._retention = None
        if keeping.keep is not None:
            self._retention = Retention(store, self.sealer, alerts, keeping.keep, self._carried, clock)

    async def start(self) -> None:
        """Find or make the key, and compare the database with what was sealed. Raises SettingsError, StoreError."""
        await self.sealer.start()

    def work(self) -> list[tuple[str, Work]]:
        """Return the background work by name; each waits until this process holds the lease."""
        named: list[tuple[str, Work]] = [("audit sealing", self.sealer.run), ("audit verifying", self.watch.run)]
        named += [(f"audit export to {delivery.place.name}", delivery.run) for delivery in self.deliveries]
        if self._retention is not None:
            named.append(("audit retention", self._retention.run))
        return [(name, partial(self._alone, run)) for name, run in named]

    async def _alone(self, run: Work) -> None:
        await self._lease.held()
        await run()

    async def close(self) -> None:
        """Seal what was written last. Never raises: the gate is stopping."""
        try:
            await self.sealer.seal_all()
        except StoreError as error:
            log.error("The last records are not sealed; they are with the next start: %s", error)
        self._lease.release()

    async def standings(self) -> Sequence[Standing]:
        """Return how it goes with every destination. Raises StoreError."""
        return await asyncio.to_thread(lambda: [delivery.standing() for delivery in self.deliveries])

    def gauges(self) -> list[Gauge]:
        """Return figures about the record. Raises StoreError. It reads the database: call it off the loop."""
        figures = list(self._sealed())
        if found := self.watch.found:
            said = "Whether the log was intact when it was verified last"
            figures.append(Gauge("wicketgate_audit_intact", (), float(not found.flaws), said))
            said = "When the log was verified last, in seconds since 1970"
            figures.append(Gauge("wicketgate_audit_verified_timestamp_seconds", (), found.at.timestamp(), said))
        for standing in (delivery.standing() for delivery in self.deliveries):
            labels = (("destination", standing.destination),)
            said = "Records that a destination has not taken yet"
            figures.append(Gauge("wicketgate_audit_export_waiting", labels, float(standing.waiting), said))
        return figures

    def _sealed(self) -> Iterator[Gauge]:
        for chain in CHAINS:
            latest, labels = self._store.trail.latest(chain), (("chain", chain),)
            last = float(self._store.trail.last(chain))
            yield Gauge("wicketgate_audit_records", labels, last, "Records written to a chain, ever")
            size = float(latest.size if latest else 0)
            yield Gauge("wicketgate_audit_sealed", labels, size, "Records of a chain that a checkpoint covers")

    def _carried(self) -> int:
        """Return the last decision that every destination has."""
        places = [self._store.trail.position(delivery.place.key).decisions for delivery in self.deliveries]
        return min(places, default=self._store.trail.last("decisions"))
