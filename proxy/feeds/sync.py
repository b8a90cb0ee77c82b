"""When and from where advisory data is taken, and what is said when it is not.

Decided here:

* What was in force stays in force until better data was read whole.
* A URL is asked every hour for what changed, and once a day for everything: only that shows what
  vanished, or changed without saying so. What cannot be had record by record is had whole. A path is
  read every hour.
* The age of the data is looked at every minute, also where nothing is fetched.
* However many workers share a data directory, one of them fetches.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from proxy.alerts import Alerts
from proxy.errors import FeedRefused, GateError
from proxy.feeds import apart, compare, names, osv
from proxy.feeds.bulletin import FEED, Bulletin
from proxy.feeds.export import Export
from proxy.feeds.intake import SHIPPED, Data, Intake
from proxy.feeds.progress import Progress
from proxy.lease import lease
from proxy.live import Live
from proxy.model import Actor
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import Store

log = logging.getLogger(__name__)

OFF = "off"
OSV_EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
EVERY = timedelta(hours=1)
FULL_EVERY = timedelta(hours=24)
LOOK_SECONDS = 60.0
SINGLE_RECORDS_AT_MOST = 300
"""Where more changed, the whole export is the lighter way."""


class AdvisorySync:
    """Imports advisory data. ``source`` is a URL, a path, "off", or "" for OSV's public export.

    ``proxy`` is the URL of an egress proxy, "" for none; ``ca_file`` is trusted besides the system's authorities.
    """

    def __init__(
        self,
        store: Store,
        live: Live,
        alerts: Alerts,
        source: str,
        lock: Path,
        clock: Callable[[], datetime],
        proxy: str = "",
        ca_file: Path | None = None,
    ) -> None:
        self._store, self._live, self._clock = store, live, clock
        self._source, self._lock = source, lock
        self.progress = Progress()
        self.bulletin = Bulletin(store, alerts)
        self._intake = Intake(store, live, alerts, clock)
        self._export = Export(source or OSV_EXPORT, proxy, ca_file)
        self._taking = asyncio.Lock()
        self._full_at: datetime | None = None

    async def first(self) -> None:
        """Put in force what is at hand, for a gate that has nothing yet: the path named, else what ships."""
        if self._source == OFF:
            return
        if self._is_path:
            await self._try()
        else:
            # It is old, and nobody is told so before the first sync has had its turn.
            await self._take(names.shipped_advisories(), SHIPPED, FEED)
            self.progress.begin("")

    async def run(self) -> None:
        """Sync every hour and look at the age every minute, one worker for all, until cancelled."""
        due = self._clock()
        async with lease(self._lock):
            while True:
                if self._source != OFF and self._clock() >= due:
                    due = self._clock() + EVERY
                    await self._try()
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Tell of the age of the data. A gate that was told to have none is not told of it."""
        if self._watched:
            await self.bulletin.look(self._watched, self._clock())

    @property
    def _watched(self) -> PolicySnapshot | None:
        """The policy whose data must not grow old, None for a gate that was told to have none."""
        return self._live.snapshot if self._live.snapshot.feed or self._source != OFF else None

    async def sync(self, actor: Actor) -> Data:
        """Fetch the source now. Raises FeedRefused, StoreError."""
        if self._source == OFF:
            raise FeedRefused("This gate was started with --advisories off. Import a file instead.")
        return await self._told(self._sync(actor), actor)

    async def take(self, path: Path, source: str, actor: Actor, *, allow_shrink: bool = False) -> Data:
        """Import a zip or a folder. Raises FeedRefused, and then nothing changed.

        ``allow_shrink`` confirms a loss of records, and a step back in time; malware stays whatever it says.
        """
        return await self._told(self._take(path, source, actor, allow_shrink=allow_shrink, by_hand=True), actor)

    async def _told(self, work: Awaitable[Data], actor: Actor) -> Data:
        """Do it, and tell of a failure and of the recovery."""
        try:
            report = await work
        except GateError as error:
            await self.bulletin.failed(error, actor, self._watched, self._clock())
            raise
        finally:
            self.progress.begin("")
        await self.bulletin.worked(actor, self._live.snapshot, self._clock())
        await self.look()
        return report

    async def _sync(self, actor: Actor) -> Data:
        if self._is_path:
            return await self._take(Path(self._source), Path(self._source).name, actor)
        if self._export.incremental and self._full_at and self._clock() < self._full_at + FULL_EVERY:
            return await self._sync_changed(actor)
        return await self._sync_whole(actor)

    async def _take(
        self, path: Path, source: str, actor: Actor, *, allow_shrink: bool = False, by_hand: bool = False
    ) -> Data:
        async with self._taking:
            told = apart.compared(path, self._store.advisories_kept, self._clock(), self.progress)
            async with told as (found, rows):
                self.progress.begin("writing", len(found.wanted))
                return await self._intake.full(found, rows, source, actor, allow_shrink=allow_shrink, by_hand=by_hand)

    async def _sync_whole(self, actor: Actor) -> Data:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "all.zip"
            self.progress.begin("fetching")
            if await self._export.whole(path):
                report = await self._take(path, self._export.url, actor)
            else:
                report = await self._intake.nothing_new(actor)
        self._export.accept()
        self._full_at = self._clock()
        return report

    async def _sync_changed(self, actor: Actor) -> Data:
        """Fetch the records that changed, or everything where those are many or cannot be had."""
        try:
            report = await self._sync_records(actor)
        except FeedRefused as error:
            log.warning("The advisory data is fetched whole, since single records were refused: %s", error)
            report = None
        if report is None:
            return await self._sync_whole(actor)
        self._export.accept()
        return report

    async def _sync_records(self, actor: Actor) -> Data | None:
        """Fetch the records that changed; None where they are too many."""
        modified = await self._export.modified()
        async with self._taking:
            old = await asyncio.to_thread(self._store.advisories_kept)
            ids = () if modified is None else compare.to_fetch(old, modified)
            if not ids:
                return await self._intake.nothing_new(actor)
            if len(ids) > SINGLE_RECORDS_AT_MOST:
                return None
            members = await self._export.records(ids)
            reading = await asyncio.to_thread(osv.read_records, members, at=self._clock())
            found = compare.compare(old, reading, full=False)
            return await self._intake.part(found, reading.rows(found.wanted), actor)

    @property
    def _is_path(self) -> bool:
        return bool(self._source) and "://" not in self._source

    async def _try(self) -> None:
        """Sync. A failure was told already, and the next hour comes."""
        try:
            await self.sync(FEED)
        except GateError as error:
            log.debug("The advisory data was not taken: %s", error)
