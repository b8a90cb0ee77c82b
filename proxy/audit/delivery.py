"""Carrying the record to one destination: from where it was left, in order, until it is taken.

Decided here:

* The place that a destination has got to is kept in the database, after the batch and never before: a gate that
  dies, or a receiver that is away, loses nothing and may repeat a batch.
* Tries are bounded in their pace and not in their number: pauses grow to five minutes, with jitter. After ten
  minutes of failing it is an alert, and so is the recovery.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from proxy.alerts import Alerts
from proxy.audit.destinations import Destination
from proxy.audit.forms import Kind, Record
from proxy.audit.syslog import SyslogSender
from proxy.audit.webhook import Refused, WebhookSender
from proxy.errors import StoreError
from proxy.notices import SYSTEM
from proxy.policy import changes_audit
from proxy.store import Store
from proxy.store.trail import Position, Sealed, Trail

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
ALERT_AFTER = timedelta(minutes=10)
FAILURES = (OSError, TimeoutError, httpx.HTTPError, Refused, StoreError)

Batch = list[tuple[Kind, Record]]


class Sender(Protocol):
    """Whoever can bring a batch to a destination."""

    batch: int

    async def send(self, records: Sequence[tuple[Kind, Record]], identity: str) -> None:
        """Deliver all of it, or raise one of :data:`FAILURES`."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with a destination. ``waiting`` records are not delivered yet; ``problem`` is "" where none is."""

    destination: str
    format: str
    waiting: int
    problem: str
    failing_since: datetime | None


class Delivery:
    """Carries the record to one destination."""

    def __init__(self, store: Store, place: Destination, alerts: Alerts, clock: Callable[[], datetime]) -> None:
        self._store, self._alerts, self._clock, self.place = store, alerts, clock, place
        webhook = place.scheme.startswith("http")
        self._sender: Sender = WebhookSender(place, clock) if webhook else SyslogSender(place)
        self._problem, self._since, self._told = "", clock(), False

    async def run(self) -> None:
        """Carry what there is and wait for more, until cancelled."""
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    wait = 0.0 if await self._once() else LOOK_SECONDS
                    pause = FIRST_PAUSE
                    await self._recovered()
                except FAILURES as error:
                    wait = pause * random.uniform(0.5, 1)  # noqa: S311  jitter, no secret
                    pause = min(pause * 2, LONGEST_PAUSE)
                    await self._failed(error)
                await asyncio.sleep(wait)
        finally:
            await self._sender.close()

    async def _once(self) -> bool:
        """Carry one batch. Returns whether there was any. Raises one of FAILURES."""
        position = await asyncio.to_thread(self._store.trail.position, self.place.key)
        batch, then = await asyncio.to_thread(self._next, position)
        if not batch:
            return False
        identity = f"{self._store.trail.instance}-{then.events}-{then.decisions}-{then.checkpoints}"
        await self._sender.send(batch, identity)
        await asyncio.to_thread(self._store.trail.advance, self.place.key, then)
        return True

    def _next(self, position: Position) -> tuple[Batch, Position]:
        """Return what follows a position, and the position behind it."""
        trail, most = self._store.trail, self._sender.batch
        events = trail.records("events", position.events, most)
        decisions = trail.records("decisions", position.decisions, most)
        seals = trail.sealed(position.checkpoints, 50)
        batch: Batch = [("events", record) for record in events] + [("decisions", record) for record in decisions]
        batch += [("checkpoints", _seal(sealed)) for sealed in seals]
        then = Position(
            int(str(events[-1]["seq"])) if events else position.events,
            int(str(decisions[-1]["seq"])) if decisions else position.decisions,
            seals[-1].id if seals else position.checkpoints,
        )
        return batch, then

    def standing(self) -> Standing:
        """Return how it goes with the destination. Raises StoreError."""
        since = self._since if self._problem else None
        left = waiting(self._store.trail, self.place)
        return Standing(self.place.name, self.place.format, left, self._problem, since)

    async def _failed(self, error: Exception) -> None:
        at = self._clock()
        if not self._problem:
            self._since = at
            log.error("%s does not take the record: %s", self.place.name, _words(error))
        self._problem = _words(error)
        if not self._told and self._since + ALERT_AFTER <= at:
            self._told = True
            await self._alerts.tell(changes_audit.export_failing(self.place.name, self._problem), SYSTEM)

    async def _recovered(self) -> None:
        self._problem = ""
        if self._told:
            self._told = False
            await self._alerts.tell(changes_audit.export_recovered(self.place.name), SYSTEM)


def waiting(trail: Trail, place: Destination) -> int:
    """Return how many records a destination has not taken yet. Raises StoreError."""
    position = trail.position(place.key)
    return trail.last("events") - position.events + trail.last("decisions") - position.decisions


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _seal(sealed: Sealed) -> Record:
    at = sealed.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"id": sealed.id, "of": sealed.chain, "size": sealed.size, "note": sealed.note, "at": at}
