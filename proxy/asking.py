"""A developer's wish for a project, on its way into the security team's inbox.

Anybody who may install may ask, so this door is bounded: the same wish of the same person is one
wish, and an inbox that is full says so instead of growing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.errors import GateError
from proxy.model import Actor, Ask
from proxy.policy import changes
from proxy.policy.versions import specifier as read_specifier
from proxy.store import Store

OPEN_AT_MOST = 10_000
OPEN_OF_ONE = 200
WHY_AT_MOST = 1_000


class TooMany(GateError):
    """The inbox holds as many wishes as it may."""


class Asking:
    """Takes wishes for one channel."""

    def __init__(self, store: Store, clock: Callable[[], datetime], channel: str = "") -> None:
        self._store, self._clock, self.channel = store, clock, channel

    async def ask(self, project: NormalizedName, specifier: str, why: str, by: Actor) -> Ask:
        """Record a wish of somebody: an account, a token, or a client that brought none.

        The jobs of one CI rule come with a new id each time: whoever answers, by one name, is one who asks.

        Raises ValueError for an unreadable range, TooMany, StoreError.
        """
        if read_specifier(specifier) is None:
            raise ValueError(f"That is not a version range (PEP 440): {specifier[:64]!r}. Say for example >=2,<3")
        at = self._clock()
        wish = "\n".join((self.channel, project, specifier, by.principal, by.name))
        identity = hashlib.sha256(wish.encode()).hexdigest()[:16]
        text = "".join(c if c.isprintable() else " " for c in why)[:WHY_AT_MOST].strip()
        ask = Ask(f"ask:{identity}", project, specifier, by.name, text or "no reason given", at, self.channel)
        await asyncio.to_thread(self._put, ask, by)
        return ask

    def _put(self, ask: Ask, by: Actor) -> None:
        waiting = self._store.entries("ask")
        of_one = sum(1 for entry in waiting if isinstance(entry, Ask) and entry.by == ask.by)
        if len(waiting) >= OPEN_AT_MOST or of_one >= OPEN_OF_ONE:
            raise TooMany("The inbox is full. Talk to the security team.")
        if all(entry.id != ask.id for entry in waiting):
            self._store.commit(changes.ask(ask), by, ask.at)
