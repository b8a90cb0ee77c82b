"""Old decisions leave the database as sealed segments, where the operator says so; the log stays provable.

Decided here:

* Decisions alone, and by whole segments: what is kept is never less than was asked for, sometimes a little more.
* Nothing leaves before every destination has got it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from proxy.alerts import Alerts
from proxy.audit.sealing import Sealer
from proxy.errors import StoreError
from proxy.notices import SYSTEM
from proxy.policy import changes_audit
from proxy.store import Store
from proxy.store.trail import Segment

log = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0


class Retention:
    """Moves decisions older than ``keep`` to the archive; ``carried`` says up to which every destination has them."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        alerts: Alerts,
        keep: timedelta,
        carried: Callable[[], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._sealer, self._alerts, self._clock = store, sealer, alerts, clock
        self._keep, self._carried = keep, carried

    async def run(self) -> None:
        """Archive every hour, until cancelled."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                log.error("Old decisions stay in the database: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def once(self) -> list[Segment]:
        """Archive what is old enough. Raises SettingsError, StoreError."""
        await self._sealer.start()
        moved: list[Segment] = []
        while segment := await asyncio.to_thread(self._one):
            moved.append(segment)
            said = changes_audit.archived(segment.first, segment.last, segment.file, segment.sha256)
            await self._alerts.record(said, SYSTEM)
            await asyncio.sleep(0.1)  # the writing door is others' as well
        return moved

    def _one(self) -> Segment | None:
        at = self._clock()
        return self._store.trail.archive(at - self._keep, self._carried(), self._sealer.signer.sign, at)
