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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from proxy.alerts import Alerts
from proxy.feeds import compare, osv
from proxy.feeds.bulletin import FEED
from proxy.feeds.compare import InForce, Plan
from proxy.feeds.mending import join
from proxy.feeds.osv import Reading
from proxy.live import Live
from proxy.model import Actor, Change, FeedState, HandedOut
from proxy.policy import changes
from proxy.policy.consequences import approved_releases, turned
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import AdvisoryRow, Reach, Store

Data = dict[str, object]

SHIPPED = "the data shipped with the gate"
FAULTS_AT_MOST = 100
HOLDERS_OF_ONE = 50
HOLDERS_AT_MOST = 1_000
"""How many clients one alert names, of one release and of all. ``wicketgate who-has`` lists every one."""

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
        plan = await asyncio.to_thread(compare.plan, old, reading, full=True)
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
        report = await asyncio.to_thread(self._turned_bad, before, after, at)
        if report is not None:
            await self.alerts.tell(report, FEED)

    def _turned_bad(self, before: PolicySnapshot, after: PolicySnapshot, at: datetime) -> Change | None:
        moved = sorted(after.advisories.changed(before.advisories))
        reached = {(reach.project, reach.version): reach for reach in self.store.reach(moved)}
        approved = approved_releases(after, (project for project in moved if project in after.grants))
        bad = turned(before, after, [*reached, *approved], at)
        if not bad:
            return None
        told = [(release, reached.get((release.project, release.version))) for release in bad]
        clients = [(release, reach.clients if reach else 0) for release, reach in told]
        return changes.turned_bad(clients, self._holders(reach for _, reach in told if reach))

    def _holders(self, reached: Iterable[Reach]) -> list[HandedOut]:
        """Return who got these releases, those got last first, up to what one alert may name."""
        named: list[HandedOut] = []
        for reach in reached:
            if len(named) >= HOLDERS_AT_MOST:
                break
            named += self.store.handed_out([reach.project], reach.version, most=HOLDERS_OF_ONE)
        return named


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
