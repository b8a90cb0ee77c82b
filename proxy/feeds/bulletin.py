"""What the team hears of the advisory data: that it could not be taken, that it grows old, and that all is well again.

Decided here:

* One alert when it fails, one all-clear when it recovers, whoever asked for the data and however often
  it fails. Likewise one when the data becomes old, one when it becomes stale, one when it is fresh again.
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
from proxy.model import Actor, AuditEvent
from proxy.policy import age, changes
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import EventFilter, Store

log = logging.getLogger(__name__)

FEED: Final = Actor("feed", "feed:osv", "feed:osv", "feed")
FAILED: Final = "feed:advisories:failed"
RECOVERED: Final = "feed:advisories:recovered"
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

    async def failed(self, error: GateError, actor: Actor) -> None:
        """Tell of the first failure; later ones stand in the log alone."""
        self.failures += 1
        async with self._telling:
            if await self._told(FAILED, RECOVERED) == FAILED:
                log.error("The advisory data is still not updated: %s", error)
            else:
                await self._alerts.tell(changes.report(FAILED, "", str(error)), actor)

    async def worked(self, actor: Actor) -> None:
        """Tell of the recovery, if a failure was told."""
        async with self._telling:
            if await self._told(FAILED, RECOVERED) == FAILED:
                await self._alerts.tell(changes.report(RECOVERED, "", "The advisory data is updated again."), actor)

    async def look(self, snapshot: PolicySnapshot, at: datetime) -> None:
        """Tell when the data has become older than the terms like, and when it is fresh again."""
        level = age.age(snapshot.feed, snapshot.terms, at).level
        async with self._telling:
            told = await self._told(*AGED.values())
            before = next((known for known, tag in AGED.items() if tag == told), "fresh")
            worse = age.LEVELS.index(level) > age.LEVELS.index(before)
            if worse or (level == "fresh" != before):
                said = f"Advisory data: {age.sentence(snapshot.feed, snapshot.terms, at)}"
                await self._alerts.tell(changes.report(AGED[level], "", said), FEED)

    async def _told(self, *tags: str) -> str:
        """Return which of these was told last, "" where none was."""
        found = [event for tag in tags for event in await asyncio.to_thread(self._last, tag)]
        return max(found, key=lambda event: event.seq).tag if found else ""

    def _last(self, tag: str) -> list[AuditEvent]:
        return self._store.events(EventFilter(tag=tag, limit=1))
