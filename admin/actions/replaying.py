"""Recorded demand replayed against another policy, from what is kept here: the upstream hears nothing of it.

Decided here:

* A project at a time, off the loop: the gate goes on serving meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from proxy.model import Wanted
from proxy.policy.replay import Replay, Replayed, replay
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Replaying:
    """Says what another policy would do to those who install."""

    hands: Hands

    async def replay(self, before: PolicySnapshot, after: PolicySnapshot, since: timedelta) -> Replay:
        """Judge what was wanted since then under both policies. Raises StoreError."""
        at = self.hands.clock()
        lines = await asyncio.to_thread(self.hands.store.wanted, at - since)
        views = {name: (before.seen_in(name), after.seen_in(name)) for name in {line.channel for line in lines}}
        found: list[Replayed] = []
        for (project, channel), group in grouped(lines).items():
            page = await self.hands.gateway.last_seen(project)
            found += await asyncio.to_thread(lambda: list(replay(project, group, page, *views[channel], at)))  # noqa: B023
        return Replay.of(found)


def grouped(lines: list[Wanted]) -> dict[tuple[NormalizedName, str], list[Wanted]]:
    """Return lines of demand by project and channel."""
    groups: defaultdict[tuple[NormalizedName, str], list[Wanted]] = defaultdict(list)
    for line in lines:
        groups[NormalizedName(line.project), line.channel].append(line)
    return dict(groups)
