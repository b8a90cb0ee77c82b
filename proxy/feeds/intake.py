"""Taking a reading of advisory data into force: compare, refuse or commit, and tell what turned bad.

Decided here:

* One import is one change by one actor: one event with its counts, one revision.
* What vanished from a full export stays in force until a person confirms the loss (``allow_shrink``);
  it is reported once and not counted as a loss again.
* What ships with the gate is a part: another source need not hold it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from packaging.utils import NormalizedName

from proxy.alerts import Alerts
from proxy.feeds import compare, osv
from proxy.feeds.compare import InForce, Plan
from proxy.feeds.mending import join
from proxy.feeds.osv import Reading
from proxy.live import Live
from proxy.model import Actor, FeedState, HandedOut
from proxy.policy import changes
from proxy.policy.consequences import Turned, approved_releases, turned
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import AdvisoryRow, Store

Data = dict[str, object]

FEED = Actor("feed", "feed:osv", "feed:osv", "feed")
SHIPPED = "the data shipped with the gate"
FAULTS_AT_MOST = 100
ASK_AT_ONCE = 500
NO_COUNTS = dict.fromkeys(("added", "changed", "withdrawn", "vanished", "unreadable"), 0)


@dataclass(frozen=True, slots=True)
class Intake:
    """The one way for advisory data into the store."""

    store: Store
    live: Live
    alerts: Alerts
    clock: Callable[[], datetime]

    async def full(self, reading: Reading, source: str, actor: Actor, *, allow_shrink: bool) -> Data:
        """Take a whole export. Raises FeedRefused, and then nothing changed."""
        compare.refuse_if_broken(reading)
        old = await asyncio.to_thread(self.store.advisory_digests)
        plan = compare.plan(old, reading, full=True)
        if not allow_shrink:
            self._refuse_loss(len(old), plan, reading)
        forget = plan.vanished if allow_shrink else ()
        missing = () if allow_shrink else plan.vanished
        records = len(old.keys() | reading.entries.keys()) - len(forget)
        feed = FeedState(source, records, reading.newest, self.clock(), reading.sha256, missing)
        return await self._commit(feed, plan, reading, actor, forget)

    async def part(self, reading: Reading, old: InForce, actor: Actor) -> Data:
        """Take single records that changed since the last full export. Raises FeedRefused."""
        compare.refuse_if_broken(reading)
        plan = compare.plan(old, reading, full=False)
        feed = self._in_force()
        digest = hashlib.sha256(f"{feed.sha256}{reading.sha256}".encode()).hexdigest()
        fresh = replace(
            feed,
            records=len(old.keys() | reading.entries.keys()),
            newest=max(feed.newest, reading.newest),
            synced=self.clock(),
            sha256=digest,
        )
        return await self._commit(fresh, plan, reading, actor, ())

    async def nothing_new(self, actor: Actor) -> Data:
        """Note that the source was asked and had nothing new: the data is as fresh as it was just read."""
        feed = replace(self._in_force(), synced=self.clock())
        await asyncio.to_thread(self.store.commit, changes.take_advisories(feed), actor, feed.synced)
        await self.live.current()
        return _report(feed, NO_COUNTS, [])

    async def _commit(
        self, feed: FeedState, plan: Plan, reading: Reading, actor: Actor, forget: tuple[str, ...]
    ) -> Data:
        counts = _counts(plan, reading)
        change = changes.take_advisories(feed, **counts)
        rows = chain(reading.rows(plan.puts), self._joined(plan, reading))
        before = await self.live.current()
        await asyncio.to_thread(self.store.commit, change, actor, feed.synced, advisories=rows, forget=forget)
        await self._consequences(before, await self.live.current(), feed.synced)
        return _report(feed, counts, [f"{fault.member}: {fault.problem}" for fault in reading.faults[:FAULTS_AT_MOST]])

    def _in_force(self) -> FeedState:
        feed = self.live.snapshot.feed
        if feed is None:
            raise ValueError("only a full export can be the first")
        return feed

    def _refuse_loss(self, in_force: int, plan: Plan, reading: Reading) -> None:
        feed = self.live.snapshot.feed
        if feed is None or feed.source == SHIPPED:
            return
        known = set(feed.missing)
        lost_now = tuple(identity for identity in plan.vanished if identity not in known)
        compare.refuse_if_shrunk(in_force, replace(plan, vanished=lost_now))
        compare.refuse_if_older(feed.newest, reading)

    def _joined(self, plan: Plan, reading: Reading) -> Iterator[AdvisoryRow]:
        """Yield broken records joined with what is in force under their ids: they may widen it, never narrow it."""
        for identity in plan.damaged:
            known = self.store.advisory(identity)
            arrived = reading.entries[identity].advisory
            entry = osv.Entry.of(join(known, arrived) if known else arrived)
            yield AdvisoryRow(entry.advisory, entry.digest)

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
            await self.alerts.tell(changes.turned_bad(bad, _who(bad, had)), FEED)

    def _handed_out(self, projects: list[str]) -> list[HandedOut]:
        """Ask in parts: a database takes only so many names at once."""
        parts = (projects[start : start + ASK_AT_ONCE] for start in range(0, len(projects), ASK_AT_ONCE))
        return [line for part in parts for line in self.store.handed_out(part)]


def _who(bad: list[Turned], had: list[HandedOut]) -> list[HandedOut]:
    releases = {(release.project, release.version) for release in bad}
    return [line for line in had if (line.project, line.version) in releases]


def _counts(plan: Plan, reading: Reading) -> dict[str, int]:
    return {
        "added": len(plan.added),
        "changed": len(plan.changed),
        "withdrawn": len(plan.withdrawn),
        "vanished": len(plan.vanished),
        "unreadable": len(reading.faults),
    }


def _report(feed: FeedState, counts: dict[str, int], faults: list[str]) -> Data:
    newest = feed.newest.isoformat()
    return {"records": feed.records, "newest": newest, "sha256": feed.sha256, "faults": faults, **counts}
