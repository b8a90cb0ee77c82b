"""Taking advisory data into force that was read and compared: refuse or commit, and tell what turned bad.

Decided here:

* One import is one change by one actor: one event with its counts, one revision.
* What vanished from a full export stays in force until a person confirms the loss (``allow_shrink``);
  it is reported once and not counted as a loss again.
* Malware that counts no more, and malware of which a source says less, is an alert that names it. Only the source that
  the operator named takes a report of malware back: a file that somebody brings lifts none, and neither does a
  confirmed loss. That takes two people, who dispute the report.
* What ships with the gate is a part: another source need not hold it. But data is as new as a source only where that
  holds nearly all of it: a file of one record makes nothing fresh.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from proxy.alerts import Alerts
from proxy.feeds import compare, osv
from proxy.feeds.bulletin import FEED
from proxy.feeds.compare import Compared, Plan
from proxy.feeds.lifting import news
from proxy.feeds.mending import join
from proxy.live import Live
from proxy.model import Actor, Change, FeedState, HandedOut
from proxy.policy import changes
from proxy.policy.consequences import approved_releases, turned
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import AdvisoryRow, Reach, Store

Data = dict[str, object]

SHIPPED = "the data shipped with the gate"
LESS_AT_MOST = 100
"""How many records the event of an import names of those that say less than before, or nothing."""
HOLDERS_OF_ONE = 50
HOLDERS_AT_MOST = 1_000
"""How many clients one alert names, of one release and of all. ``wicketgate who-has`` lists every one."""

NO_COUNTS = dict.fromkeys(("added", "changed", "withdrawn", "narrowed", "kept", "vanished", "unreadable"), 0)


@dataclass(frozen=True, slots=True)
class Intake:
    """The one way for advisory data into the store."""

    store: Store
    live: Live
    alerts: Alerts
    clock: Callable[[], datetime]

    async def full(
        self, found: Compared, rows: Iterable[AdvisoryRow], source: str, actor: Actor, *,
        allow_shrink: bool = False, by_hand: bool = False,
    ) -> Data:  # fmt: skip
        """Take a whole export; ``rows`` are the records that are wanted of it, and read while they are written.

        Raises FeedRefused, and then nothing changed.
        """
        found = found.lifting_nothing() if by_hand else found
        vanished, malware = found.plan.vanished, {name for name, _ in found.dropped}
        if not allow_shrink:
            self._refuse_loss(found)
        forget = tuple(name for name in vanished if name not in malware) if allow_shrink else ()
        missing = tuple(name for name in vanished if name not in forget)
        records = found.records - len(forget)
        now = self.clock()
        feed = FeedState(source, records, min(found.newest, now), now, found.sha256, missing)
        old = self.live.snapshot.feed
        if old and not allow_shrink and not compare.is_whole(found.in_force, found.plan):
            feed = replace(feed, source=old.source, newest=old.newest, synced=old.synced)
        return await self._commit(feed, found, rows, actor, forget)

    async def part(self, found: Compared, rows: Iterable[AdvisoryRow], actor: Actor) -> Data:
        """Take single records that changed since the last full export. Raises FeedRefused."""
        feed = self._in_force()
        compare.refuse_if_shrunk(found.in_force, found.plan)
        digest = hashlib.sha256(f"{feed.sha256}{found.sha256}".encode()).hexdigest()
        fresh = replace(
            feed,
            records=found.records,
            newest=max(feed.newest, min(found.newest, self.clock())),
            synced=self.clock(),
            sha256=digest,
        )
        return await self._commit(fresh, found, rows, actor, ())

    async def nothing_new(self, actor: Actor) -> Data:
        """Note that the source was asked and had nothing new: the data is as fresh as it was just read."""
        feed = replace(self._in_force(), synced=self.clock())
        await asyncio.to_thread(self.store.commit, changes.take_advisories(feed), actor, feed.synced)
        await self.live.current()
        return _report(feed, NO_COUNTS, [])

    async def _commit(
        self, feed: FeedState, found: Compared, rows: Iterable[AdvisoryRow], actor: Actor, forget: tuple[str, ...]
    ) -> Data:
        counts = _counts(found.plan, found.faults)
        change = changes.take_advisories(feed, (found.plan.withdrawn + found.plan.narrowed)[:LESS_AT_MOST], **counts)
        joins = frozenset(found.plan.joins)
        puts = (self._joined(row) if row.id in joins else row for row in rows)
        before = await self.live.current()
        await asyncio.to_thread(self.store.commit, change, actor, feed.synced, advisories=puts, forget=forget)
        for told in news(found.lifted, found.plan.kept):
            await self.alerts.tell(told, actor)
        await self._consequences(before, await self.live.current(), feed.synced)
        return _report(feed, counts, list(found.said))

    def _in_force(self) -> FeedState:
        feed = self.live.snapshot.feed
        if feed is None:
            raise ValueError("only a full export can be the first")
        return feed

    def _refuse_loss(self, found: Compared) -> None:
        feed = self.live.snapshot.feed
        if feed is None or feed.source == SHIPPED:
            return
        known = set(feed.missing)
        lost_now = tuple(identity for identity in found.plan.vanished if identity not in known)
        compare.refuse_if_shrunk(found.in_force, replace(found.plan, vanished=lost_now))
        compare.refuse_if_older(feed.newest, found.newest)

    def _joined(self, row: AdvisoryRow) -> AdvisoryRow:
        """Return a record joined with what is in force under its id: it may widen that, never narrow it."""
        known = self.store.advisory(row.id)
        return osv.Entry.of(join(known, osv.unpacked(row.record))).row(row.id) if known else row

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


def _counts(plan: Plan, faults: int) -> dict[str, int]:
    return {
        "added": len(plan.added),
        "changed": len(plan.changed),
        "withdrawn": len(plan.withdrawn),
        "narrowed": len(plan.narrowed),
        "kept": len(plan.kept),
        "vanished": len(plan.vanished),
        "unreadable": faults,
    }


def _report(feed: FeedState, counts: dict[str, int], faults: list[str]) -> Data:
    newest = feed.newest.isoformat()
    return {"records": feed.records, "newest": newest, "sha256": feed.sha256, "faults": faults, **counts}
