"""The day at a glance: what turned bad, what was answered, and what was refused most."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.roles import Permission, demand
from proxy.model import Actor, Answered, Code, Demand
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.waiting import meant
from proxy.policy.withheld import Withheld, suspects, withheld
from proxy.store import Reach

TRAFFIC = timedelta(days=13)
"""Fourteen days with today."""
NAMES = 10
DAY, SETTLED = timedelta(days=1), timedelta(minutes=10)
"""A while after midnight everything of the day before has been written down."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to see at ``at``; ``reach`` says how far a release that turned bad had gone.

    ``refused`` are the names that were refused most, ``look_alikes`` those of them that imitate another, with which.
    """

    at: datetime
    withheld: tuple[Withheld, ...]
    reach: dict[tuple[NormalizedName, str], Reach]
    answered: tuple[Answered, ...]
    refused: tuple[Demand, ...]
    look_alikes: tuple[tuple[Demand, str], ...]
    look_alikes_total: int


@dataclass(frozen=True, slots=True)
class Today:
    """The first page. ``counted`` holds the days that are over."""

    hands: Hands
    counted: dict[date, tuple[Answered, ...]] = field(default_factory=dict)

    async def look(self, actor: Actor, refused: Sequence[Demand]) -> Seen:
        """Return what there is to see; ``refused`` is what the inbox told. Raises Forbidden, StoreError."""
        demand(actor, Permission.INBOX_READ)
        snapshot, at = await self.hands.live.current(), self.hands.clock()
        found, days = await asyncio.gather(self.turned_bad(actor), self._answered(at))
        alike = [line for line in refused if Code.LOOK_ALIKE in line.codes]
        targets = await asyncio.to_thread(_targets, snapshot, alike, at)
        return Seen(at, *found, days, tuple(refused[:NAMES]), targets, len(alike))

    async def _answered(self, at: datetime) -> tuple[Answered, ...]:
        """Return what was answered on each day; the record grows at its end, so a day that is over is read once."""
        days = [at.date() - TRAFFIC + timedelta(days=n) for n in range(TRAFFIC.days + 1)]
        missing = [day for day in days if day not in self.counted]
        lines = await asyncio.to_thread(self.hands.store.answered, datetime.combine(missing[0], time(), UTC))
        fresh = {day: tuple(line for line in lines if line.day == day) for day in missing}
        for day in [*self.counted, *missing]:
            if day in fresh and datetime.combine(day, time(), UTC) + DAY + SETTLED < at:
                self.counted[day] = fresh[day]
            elif day < days[0]:
                del self.counted[day]
        return tuple(line for day in days for line in fresh.get(day, self.counted.get(day, ())))

    async def turned_bad(self, actor: Actor) -> tuple[tuple[Withheld, ...], dict[tuple[NormalizedName, str], Reach]]:
        """Return what was approved or handed out and is refused now, and how far it had gone.

        Raises Forbidden, StoreError.
        """
        demand(actor, Permission.POLICY_READ)
        snapshot, at = await self.hands.live.current(), self.hands.clock()
        gone = await asyncio.to_thread(self.hands.store.reach, sorted(suspects(snapshot)))
        reach = {(line.project, line.version): line for line in gone}
        return tuple(await asyncio.to_thread(withheld, snapshot, reach, at)), reach


def _targets(snapshot: PolicySnapshot, alike: list[Demand], at: datetime) -> tuple[tuple[Demand, str], ...]:
    """Return the most wanted with what they imitate. Whoever asks may make names up, so not all are looked at."""
    found = ((line, meant(snapshot, line, at)) for line in alike)
    return tuple(islice(((line, target) for line, target in found if target), NAMES))
