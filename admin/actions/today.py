"""The day at a glance: what turned bad, what was answered, and what was refused most."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
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
REFUSED = timedelta(days=7)
NAMES = 10


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
    """The first page."""

    hands: Hands

    async def look(self, actor: Actor) -> Seen:
        """Return what there is to see. Raises Forbidden, StoreError."""
        demand(actor, Permission.INBOX_READ)
        snapshot, store, at = await self.hands.live.current(), self.hands.store, self.hands.clock()
        answered = asyncio.to_thread(store.answered, (at - TRAFFIC).replace(hour=0, minute=0, second=0, microsecond=0))
        refused = asyncio.to_thread(store.demand, at - REFUSED)
        found, days, lines = await asyncio.gather(self.turned_bad(actor), answered, refused)
        alike = [line for line in lines if Code.LOOK_ALIKE in line.codes]
        targets = await asyncio.to_thread(_targets, snapshot, alike, at)
        return Seen(at, *found, tuple(days), tuple(lines[:NAMES]), targets, len(alike))

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
