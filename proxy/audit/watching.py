"""The log verifies itself once a day, gently, and says how it was found: by an event, a figure, and an alert."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxy.alerts import Alerts
from proxy.audit.sealing import Sealer
from proxy.notices import SYSTEM
from proxy.policy import changes_audit
from proxy.policy.ledger import Flaw
from proxy.store import Store

FIRST = timedelta(minutes=10)
EVERY = timedelta(days=1)
PAUSE_SECONDS = 0.02
"""After a thousand records, about as long as they take: verifying never has more than half a processor."""


@dataclass(frozen=True, slots=True)
class Found:
    """How the log was found, and when."""

    at: datetime
    flaws: tuple[Flaw, ...]


class Watch:
    """Verifies the log of one store."""

    def __init__(self, store: Store, sealer: Sealer, alerts: Alerts, clock: Callable[[], datetime]) -> None:
        self._store, self._sealer, self._alerts, self._clock = store, sealer, alerts, clock
        self.found: Found | None = None
        """The last result, None before the first."""

    async def run(self) -> None:
        """Verify a while after the start, and then every day, until cancelled."""
        await asyncio.sleep(FIRST.total_seconds())
        while True:
            await self.once()
            await asyncio.sleep(EVERY.total_seconds())

    async def once(self) -> Found:
        """Verify now, and say how the log was found. Raises SettingsError, StoreError."""
        await self._sealer.start()
        kept = await asyncio.to_thread(self._sealer.kept)
        trail = self._store.trail
        flaws = await asyncio.to_thread(lambda: tuple(self._store.verify(self._sealer.trust(), kept, _pause)))
        self.found = Found(self._clock(), flaws)
        change = changes_audit.verified(flaws, trail.last("events"), trail.last("decisions"))
        await (self._alerts.tell if flaws else self._alerts.record)(change, SYSTEM)
        return self.found


def _pause() -> None:
    time.sleep(PAUSE_SECONDS)
