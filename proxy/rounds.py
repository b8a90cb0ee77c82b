"""The gate's own round: every approved project is looked at now and then, without waiting for traffic.

What a listing reports as it is made (late files, changed bytes, rows that lie) is so noticed although nobody
installs. Decided here:

* A round takes an hour at least, and never asks for a page more often than the index TTL lets anybody.
* However many workers share a data directory, one of them walks.
* A project whose page cannot be had now is left for the next round.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

from packaging.utils import NormalizedName

from proxy.channels import ChannelPolicy
from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.lease import lease
from proxy.live import Live

log = logging.getLogger(__name__)

ROUND = timedelta(hours=1)
SHORTEST_STEP = 1.0


class Rounds:
    """Walks the approved projects. ``ttl`` is the index TTL."""

    def __init__(self, live: Live, gateway: Gateway, lock: Path, ttl: timedelta) -> None:
        self._live, self._gateway, self._lock = live, gateway, lock
        self._round = max(ttl, ROUND).total_seconds()

    async def run(self) -> None:
        """Walk round after round, one worker for all, until cancelled."""
        async with lease(self._lock):
            while True:
                await self.walk(self._round)

    async def walk(self, seconds: float) -> None:
        """Look at every approved project once, in each channel where something of it is approved."""
        snapshot = await self._live.names_known()
        places = [(name, project) for name in ("", *sorted(snapshot.channels)) for project in self._approved(name)]
        pause = max(seconds / max(len(places), 1), SHORTEST_STEP)
        for name, project in places:
            await self._visit(name, project)
            await asyncio.sleep(pause)
        if not places:
            await asyncio.sleep(pause)

    def _approved(self, channel: str) -> list[NormalizedName]:
        grants = self._live.snapshot.grants
        return sorted(p for p, granted in grants.items() if any(g.approval.channel == channel for g in granted))

    async def _visit(self, channel: str, project: NormalizedName) -> None:
        gateway = self._gateway.answering_by(ChannelPolicy(self._live, channel)) if channel else self._gateway
        try:
            await gateway.listing(project)
        except GateError as error:
            log.info("%s cannot be looked at now: %s", project, error)
