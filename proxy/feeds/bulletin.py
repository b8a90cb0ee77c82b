"""What the team hears of the advisory data: that it could not be taken, that it grows old, and that all is well again.

Decided here:

* One alert when it fails, one all-clear when it recovers, whoever asked for the data and however often
  it fails. Likewise one when the data becomes old, one when it becomes stale, one when it is fresh again.
* A feed that fails and leaves the gate with old data is one matter, and so is its recovery: one alert says both. The
  audit has an event of each.
* What was told last is read from the audit: no restart and no other worker tells it twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from proxy.alerts import Alerts
from proxy.errors import GateError
from proxy.model import Actor, AuditEvent, Change
from proxy.policy import age, changes
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import EventFilter, Store

log = logging.getLogger(__name__)

FEED: Final = Actor("feed", "feed:osv", "feed:osv", "feed")
FAILED: Final = "feed:advisories:failed"
RECOVERED: Final = "feed:advisories:recovered"
MEANWHILE: Final = "Until the source answers: wicketgate advisories import FILE"
AGED: Final[Mapping[age.Level, str]] = {
    "fresh": "feed:advisories:fresh",
    "old": "feed:advisories:old",
    "stale": "feed:advisories:stale",
    "none": "feed:advisories:missing",
}
"""The tag of an audit event by what the data has become."""


class Bulletin:
    """Tells each matter once. ``failures`` counts what was not taken since this process began."""

    def __init__(self, store: Store, alerts: Alerts) -> None:
        self._store, self._alerts = store, alerts
        self._telling = asyncio.Lock()
        self.failures = 0

    async def failed(self, error: GateError, actor: Actor, snapshot: PolicySnapshot | None, at: datetime) -> None:
        """Tell of the first failure, and how old the data is by now; later ones stand in the log alone.

        ``snapshot`` is None where nobody cares for the age.
        """
        self.failures += 1
        async with self._telling:
            if await self._told(FAILED, RECOVERED) == FAILED:
                log.error("The advisory data is still not updated: %s", error)
            else:
                aged = await self._aged(snapshot, at) if snapshot and actor == FEED else None
                said = f"{error} {aged.reason} {MEANWHILE}" if aged else str(error)
                await self._tell(FAILED, said, actor, aged)

    async def worked(self, actor: Actor, snapshot: PolicySnapshot, at: datetime) -> None:
        """Tell of the recovery, if a failure was told, and what the data has become."""
        async with self._telling:
            if await self._told(FAILED, RECOVERED) == FAILED:
                aged = await self._aged(snapshot, at)
                said = " ".join(["The advisory data is updated again.", *([aged.reason] if aged else [])])
                await self._tell(RECOVERED, said, actor, aged)

    async def _tell(self, tag: str, said: str, actor: Actor, aged: Change | None) -> None:
        """Send out one alert; the age of the data that it speaks of as well is told with it."""
        await self._alerts.tell(changes.report(tag, "", said), actor)
        if aged:
            await self._alerts.record(aged, FEED)

    async def look(self, snapshot: PolicySnapshot, at: datetime) -> None:
        """Tell when the data has become older than the terms like, and when it is fresh again."""
        async with self._telling:
            aged = await self._aged(snapshot, at)
            if aged:
                await self._alerts.tell(aged, FEED)

    async def _aged(self, snapshot: PolicySnapshot, at: datetime) -> Change | None:
        """Return what there is to tell of the age of the data since it was told last."""
        level = age.age(snapshot.feed, snapshot.terms, at).level
        told = await self._told(*AGED.values())
        before = next((known for known, tag in AGED.items() if tag == told), "fresh")
        worse = age.LEVELS.index(level) > age.LEVELS.index(before)
        if not worse and not (level == "fresh" != before):
            return None
        return changes.report(AGED[level], "", f"Advisory data: {age.sentence(snapshot.feed, snapshot.terms, at)}")

    async def _told(self, *tags: str) -> str:
        """Return which of these was told last, "" where none was."""
        found = [event for tag in tags for event in await asyncio.to_thread(self._last, tag)]
        return max(found, key=lambda event: event.seq).tag if found else ""

    def _last(self, tag: str) -> list[AuditEvent]:
        return self._store.events(EventFilter(tag=tag, limit=1))
