"""When and from where advisory data is taken, and what is said when it is not.

Decided here:

* What was in force stays in force until better data was read whole. A failure stands in the audit and
  goes out as an alert once, and so does the recovery; so does data that has grown too old.
* A URL is asked every hour for what changed, and once a day for everything: only that shows what
  vanished, or changed without saying so. A path is read every hour.
* However many workers share a data directory, one of them fetches.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from proxy.alerts import Alerts
from proxy.errors import FeedRefused, GateError
from proxy.feeds import compare, names, osv
from proxy.feeds.export import Export
from proxy.feeds.intake import FEED, SHIPPED, Data, Intake
from proxy.lease import lease
from proxy.live import Live
from proxy.model import Actor
from proxy.policy import changes
from proxy.store import Store

log = logging.getLogger(__name__)

OFF = "off"
OSV_EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
EVERY = timedelta(hours=1)
FULL_EVERY = timedelta(hours=24)
SINGLE_RECORDS_AT_MOST = 300
"""Where more changed, the whole export is the lighter way."""


class AdvisorySync:
    """Imports advisory data. ``source`` is a URL, a path, "off", or "" for OSV's public export."""

    def __init__(
        self, store: Store, live: Live, alerts: Alerts, source: str, lock: Path, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._live, self._alerts, self._clock = store, live, alerts, clock
        self._source, self._lock = source, lock
        self._intake = Intake(store, live, alerts, clock)
        self._export = Export(source or OSV_EXPORT)
        self._taking = asyncio.Lock()
        self._full_at: datetime | None = None
        self._failed = self._old = False

    async def first(self) -> None:
        """Put in force what is at hand, for a gate that has nothing yet: the path named, else what ships."""
        if self._source == OFF:
            return
        if self._is_path:
            await self._try(FEED)
        else:
            await self.take(names.shipped_advisories(), SHIPPED, FEED)

    async def run(self) -> None:
        """Sync every hour, one worker for all, until cancelled."""
        if self._source == OFF:
            return
        async with lease(self._lock):
            while True:
                await self._try(FEED)
                await self._check_age()
                await asyncio.sleep(EVERY.total_seconds())

    async def sync(self, actor: Actor) -> Data:
        """Fetch the source now. Raises FeedRefused, StoreError."""
        if self._source == OFF:
            raise FeedRefused("This gate was started with --advisories off. Import a file instead.")
        if self._is_path:
            return await self.take(Path(self._source), Path(self._source).name, actor)
        if self._export.incremental and self._full_at and self._clock() < self._full_at + FULL_EVERY:
            return await self._sync_changed(actor)
        return await self._sync_whole(actor)

    async def take(self, path: Path, source: str, actor: Actor, *, allow_shrink: bool = False) -> Data:
        """Import a zip or a folder. Raises FeedRefused, and then nothing changed.

        ``allow_shrink`` confirms a loss of records, and a step back in time.
        """
        async with self._taking:
            reading = await asyncio.to_thread(osv.read_path, path, at=self._clock())
            return await self._intake.full(reading, source, actor, allow_shrink=allow_shrink)

    async def _sync_whole(self, actor: Actor) -> Data:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "all.zip"
            if await self._export.whole(path):
                report = await self.take(path, self._export.url, actor)
            else:
                report = await self._intake.nothing_new(actor)
        self._export.accept()
        self._full_at = self._clock()
        return report

    async def _sync_changed(self, actor: Actor) -> Data:
        """Fetch the records that changed, or everything where those are many."""
        modified = await self._export.modified()
        async with self._taking:
            old = await asyncio.to_thread(self._store.advisory_digests)
            ids = compare.to_fetch(old, modified)
            if not ids:
                return await self._intake.nothing_new(actor)
            if len(ids) <= SINGLE_RECORDS_AT_MOST:
                members = await self._export.records(ids)
                reading = await asyncio.to_thread(osv.read_records, members, at=self._clock())
                return await self._intake.part(reading, old, actor)
        return await self._sync_whole(actor)

    @property
    def _is_path(self) -> bool:
        return bool(self._source) and "://" not in self._source

    async def _try(self, actor: Actor) -> None:
        """Sync, and tell of the first failure and of the recovery."""
        try:
            await self.sync(actor)
        except GateError as error:
            if self._failed:
                log.error("The advisory data is still not updated: %s", error)
            else:
                await self._alerts.tell(changes.report("feed:advisories:failed", "", str(error)), FEED)
            self._failed = True
            return
        if self._failed:
            said = "The advisory data is updated again."
            await self._alerts.tell(changes.report("feed:advisories:recovered", "", said), FEED)
        self._failed = False

    async def _check_age(self) -> None:
        """Tell once when the data is older than the terms' alarm."""
        snapshot, at = self._live.snapshot, self._clock()
        feed = snapshot.feed
        limit = snapshot.terms.alarm_stale_after
        old = feed is None or min(feed.newest, feed.synced) + limit <= at
        if old and not self._old:
            newest = f"its newest record is of {feed.newest:%Y-%m-%d}" if feed else "there is none"
            said = f"The advisory data is older than {limit / timedelta(hours=1):.0f} hours: {newest}."
            await self._alerts.tell(changes.report("feed:advisories:stale", "", said), FEED)
        self._old = old
