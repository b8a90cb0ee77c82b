"""Sign-ins that were refused, told to the audit: the first of a kind at once, its repeats within a minute as one.

Decided here:

* A name that is no account is not written down: people type passwords into the wrong field.
* A flood cannot grow the log: kinds are by account and address, their number in a minute is capped, and what is
  above that is told as one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from proxy.errors import StoreError
from proxy.model import Account, Actor
from proxy.policy import changes_people as changes
from proxy.policy.credentials import network
from proxy.store import Store

log = logging.getLogger(__name__)

KINDS_A_MINUTE = 60
MANY = "many"
FLUSH_SECONDS = 60.0

Kind = tuple[str, str, str]
"""Account (its name, or "" for none), address, why."""


@dataclass(slots=True)
class _Seen:
    minute: int
    repeats: int = 0


class Refusals:
    """Counts what was refused. Made and used on one event loop."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._seen: dict[Kind, _Seen] = {}

    async def note(self, account: Account | None, address: str, why: str) -> None:
        """Take one refusal. Raises StoreError where it cannot be written."""
        minute = int(self._clock().timestamp() // 60)
        kind = (account.name if account else "", network(address), why)
        if kind not in self._seen and len(self._seen) >= KINDS_A_MINUTE:
            kind = ("", MANY, why)
        seen = self._seen.get(kind)
        if seen is not None and seen.minute == minute:
            seen.repeats += 1
            return
        self._seen[kind] = _Seen(minute)
        if seen is not None and seen.repeats:
            await self._tell(kind, seen.repeats)
        await self._tell(kind, 1)

    async def flush(self, *, everything: bool = False) -> None:
        """Tell of the repeats in minutes that are over. Raises StoreError."""
        minute = int(self._clock().timestamp() // 60)
        for kind in [kind for kind, seen in self._seen.items() if everything or seen.minute < minute]:
            seen = self._seen.pop(kind)
            if seen.repeats:
                await self._tell(kind, seen.repeats)

    async def run(self) -> None:
        """Flush every minute, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except StoreError as error:
                log.error("Refused sign-ins are not in the audit: %s", error)

    async def _tell(self, kind: Kind, count: int) -> None:
        account, address, why = kind
        actor = Actor("client", address, "somebody", "nobody", address)
        await asyncio.to_thread(self._store.commit, changes.refused(why, account, count), actor, self._clock())
