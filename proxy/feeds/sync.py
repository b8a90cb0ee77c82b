"""Advisory data arriving: from the network, a file or a folder; compared with what is kept; put in force.

Decided here:

* What was in force stays in force until better data was read whole. Broken, empty, shrunken or older
  data is refused; a failure stands in the audit once, and so does the recovery. Meanwhile the age of
  the old data grows, visibly, on every answer.
* One import is one change by one actor: one event with its counts, one revision.
* What vanished from a full export stays in force until a person confirms the loss (``allow_shrink``).
* However many workers share a data directory, one of them fetches.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import httpx
from packaging.utils import NormalizedName

from proxy.alerts import Alerts
from proxy.errors import FeedRefused, GateError
from proxy.feeds import compare, names, osv
from proxy.feeds.compare import Plan
from proxy.feeds.mending import join
from proxy.feeds.osv import Reading
from proxy.live import Live
from proxy.model import Actor, FeedState, HandedOut
from proxy.policy import changes
from proxy.policy.consequences import Turned, approved_releases, turned
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import AdvisoryRow, Store

log = logging.getLogger(__name__)

Data = dict[str, object]

FEED = Actor("feed", "feed:osv", "feed:osv", "feed")
OFF = "off"
SHIPPED = "the data shipped with the gate"
OSV_EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
EVERY = timedelta(hours=1)
DOWNLOAD_AT_MOST = 128 << 20
TIMEOUT = httpx.Timeout(30.0)
FAULTS_AT_MOST = 100
ASK_AT_ONCE = 500


class AdvisorySync:
    """Imports advisory data. ``source`` is a URL, a path, "off", or "" for OSV's public export."""

    def __init__(
        self, store: Store, live: Live, alerts: Alerts, source: str, lock: Path, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._live, self._alerts, self._clock = store, live, alerts, clock
        self._source, self._lock = source, lock
        self._taking = asyncio.Lock()
        self._etag = ""
        self._failed = False

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
        with self._lock.open("w") as lock:
            while not _locked(lock.fileno()):
                await asyncio.sleep(5)  # another process holds a file lock: there is no event to wait for
            while True:
                await self._try(FEED)
                await asyncio.sleep(EVERY.total_seconds())

    async def sync(self, actor: Actor) -> Data:
        """Fetch the source now. Raises FeedRefused, StoreError."""
        if self._source == OFF:
            raise FeedRefused("This gate was started with --advisories off. Import a file instead.")
        if self._is_path:
            return await self.take(Path(self._source), Path(self._source).name, actor)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "all.zip"
            url = self._source or OSV_EXPORT
            if not await self._download(url, path):
                return await self._still_current(actor)
            return await self.take(path, url, actor)

    async def take(self, path: Path, source: str, actor: Actor, *, allow_shrink: bool = False) -> Data:
        """Import a zip or a folder. Raises FeedRefused, and then nothing changed.

        ``allow_shrink`` confirms a loss of records, and a step back in time.
        """
        async with self._taking:
            at = self._clock()
            reading = await asyncio.to_thread(osv.read_path, path, at=at)
            compare.refuse_if_broken(reading)
            old = await asyncio.to_thread(self._store.advisory_digests)
            plan = compare.plan(old, reading, full=True)
            if not allow_shrink:
                self._refuse_loss(len(old), plan, reading)
            forget = plan.vanished if allow_shrink else ()
            records = len(old.keys() | reading.entries.keys()) - len(forget)
            missing = () if allow_shrink else plan.vanished
            feed = FeedState(source, records, reading.newest, at, reading.sha256, missing)
            counts = _counts(plan, reading)
            change = changes.take_advisories(feed, **counts)
            rows = chain(reading.rows(plan.puts), self._joined(plan, reading))
            before = await self._live.current()
            await asyncio.to_thread(self._store.commit, change, actor, at, advisories=rows, forget=forget)
            await self._consequences(before, await self._live.current(), at)
        faults = [f"{fault.member}: {fault.problem}" for fault in reading.faults[:FAULTS_AT_MOST]]
        return {
            "records": records,
            "newest": feed.newest.isoformat(),
            "sha256": feed.sha256,
            "faults": faults,
            **counts,
        }

    async def _consequences(self, before: PolicySnapshot, after: PolicySnapshot, at: datetime) -> None:
        """Tell, in one alert, which releases turned bad that were approved or handed out, and who has them."""
        moved = after.advisories.changed(before.advisories)
        if not before.feed or not moved:
            return
        had = await asyncio.to_thread(self._handed_out, sorted(moved))
        releases = approved_releases(after, sorted(moved & after.grants.keys()))
        releases += [(NormalizedName(line.project), line.version) for line in had]
        bad = turned(before, after, releases, at)
        if bad:
            await self._alerts.tell(changes.turned_bad(bad, _who(bad, had)), FEED)

    def _handed_out(self, projects: list[str]) -> list[HandedOut]:
        """Ask in parts: a database takes only so many names at once."""
        parts = (projects[start : start + ASK_AT_ONCE] for start in range(0, len(projects), ASK_AT_ONCE))
        return [line for part in parts for line in self._store.handed_out(part)]

    def _refuse_loss(self, in_force: int, plan: Plan, reading: Reading) -> None:
        feed = self._live.snapshot.feed
        if feed is None or feed.source == SHIPPED:
            return  # what ships is a part: another source need not hold it, and it stays in force all the same
        lost_now = tuple(identity for identity in plan.vanished if identity not in set(feed.missing))
        compare.refuse_if_shrunk(in_force, replace(plan, vanished=lost_now))
        compare.refuse_if_older(feed.newest, reading)

    def _joined(self, plan: Plan, reading: Reading) -> Iterator[AdvisoryRow]:
        """Yield broken records joined with what is in force under their ids: they may widen it, never narrow it."""
        for identity in plan.damaged:
            known = self._store.advisory(identity)
            arrived = reading.entries[identity].advisory
            entry = osv.Entry.of(join(known, arrived) if known else arrived)
            yield AdvisoryRow(entry.advisory, entry.digest)

    @property
    def _is_path(self) -> bool:
        return bool(self._source) and "://" not in self._source

    async def _try(self, actor: Actor) -> None:
        """Sync, and tell of the first failure and of the recovery."""
        try:
            await self.sync(actor)
        except GateError as error:
            log.error("The advisory data was not updated: %s", error)
            if not self._failed:
                await self._alerts.tell(changes.report("feed:advisories:failed", "", str(error)), FEED)
            self._failed = True
            return
        if self._failed:
            said = "The advisory data is updated again."
            await self._alerts.tell(changes.report("feed:advisories:recovered", "", said), FEED)
        self._failed = False

    async def _still_current(self, actor: Actor) -> Data:
        """Note that the source was asked and had nothing new."""
        feed, at = self._live.snapshot.feed, self._clock()
        if feed is None:
            raise FeedRefused("The source says that nothing changed, yet nothing is in force. Import a file.")
        current = replace(feed, synced=at)
        await asyncio.to_thread(self._store.commit, changes.take_advisories(current), actor, at)
        await self._live.current()
        counts = dict.fromkeys(("added", "changed", "withdrawn", "vanished", "unreadable"), 0)
        return {
            "records": feed.records,
            "newest": feed.newest.isoformat(),
            "sha256": feed.sha256,
            "faults": [],
            **counts,
        }

    async def _download(self, url: str, path: Path) -> bool:
        """Fetch the export conditionally; False when the source says that nothing changed."""
        headers = {"if-none-match": self._etag} if self._etag else {}
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                if answer.status_code == httpx.codes.NOT_MODIFIED:
                    return False
                answer.raise_for_status()
                await _receive(answer, path)
                self._etag = answer.headers.get("etag", "")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FeedRefused(
                f"{url} cannot be fetched ({type(error).__name__}: {error}). The old data stays."
            ) from error
        return True


def _who(bad: list[Turned], had: list[HandedOut]) -> list[HandedOut]:
    releases = {(release.project, release.version) for release in bad}
    return [line for line in had if (line.project, line.version) in releases]


async def _receive(answer: httpx.Response, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > DOWNLOAD_AT_MOST:
                raise FeedRefused(f"The export is larger than {DOWNLOAD_AT_MOST >> 20} MiB. The old data stays.")
            file.write(piece)


def _counts(plan: Plan, reading: Reading) -> dict[str, int]:
    return {
        "added": len(plan.added),
        "changed": len(plan.changed),
        "withdrawn": len(plan.withdrawn),
        "vanished": len(plan.vanished),
        "unreadable": len(reading.faults),
    }


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
