"""Everything that keeps the record, put together: what runs beside the gate, and what is said of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from proxy.alerts import Alerts
from proxy.audit.delivery import Delivery, Standing
from proxy.audit.keeping import Keeping
from proxy.audit.key import KeyPlace
from proxy.audit.retention import Retention
from proxy.audit.sealing import Sealer
from proxy.audit.watching import Watch
from proxy.errors import SettingsError, StoreError
from proxy.lease import Lease
from proxy.places import RESTORED_FILE
from proxy.policy.notes import origin_of, parse
from proxy.store import Store

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[object, object, None]]


class Keeper:
    """Keeps the record of one store: of several workers that share it, the desk alone has one."""

    def __init__(
        self, store: Store, alerts: Alerts, keeping: Keeping, lease: Path, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._lease = store, Lease(lease)
        self._place, self._restored = KeyPlace(keeping.key), lease.with_name(RESTORED_FILE)
        self.sealer = Sealer(store, self._place, alerts, self._restored, clock)
        self.watch = Watch(store, self.sealer, alerts, clock)
        self.deliveries = [Delivery(store, place, alerts, clock) for place in keeping.destinations]
        self._retention = None
        if keeping.keep is not None:
            self._retention = Retention(store, self.sealer, alerts, keeping.keep, self._carried, clock)

    def check(self) -> None:
        """Refuse a key that cannot be used and a database that is older than the last checkpoint, at first sight.

        Raises SettingsError, StoreError: what was revoked since would be served again.
        """
        self._place.check()
        last, mine = self._store.trail.last("events"), origin_of(self._store.trail.instance, "events")
        sealed = [parse(note)[0] for note in self._place.kept()]
        newest = max((each.size for each in sealed if each.origin == mine), default=0)
        if last < newest and not self._restored.exists():
            raise StoreError(
                f"The database is older than it was: its log ends at event {last}, although {newest} were sealed "
                f"({self._place.path.parent}). What was revoked since would be served again. Put the newer database "
                "back, or say that this one is meant: wicketgate restore --in-place"
            )

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
        except (SettingsError, StoreError) as error:
            log.error("The last records are not sealed; they are with the next start: %s", error)
        self._lease.release()

    async def standings(self) -> Sequence[Standing]:
        """Return how it goes with every destination. Raises StoreError."""
        return await asyncio.to_thread(lambda: [delivery.standing() for delivery in self.deliveries])

    def _carried(self) -> int:
        """Return the last decision that every destination has."""
        places = [self._store.trail.position(delivery.place.key).decisions for delivery in self.deliveries]
        return min(places, default=self._store.trail.last("decisions"))
