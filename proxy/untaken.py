"""Answers that their clients do not take: bounded in memory for all of them together.

Each waits for its client for a minute at the least (:mod:`proxy.connections`), and thousands who take nothing come in
less. Decided here:

* When more would wait than there is room for, the client who has most of it loses what waited longest. So a crowd from
  one address crowds out nobody but itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

ROOM = 64 << 20
"""Bytes that all of them may have waiting in this process."""
BEHIND = 64 << 10
"""Bytes that an answer holds besides: the piece that follows, and what its request takes."""


class Untaken:
    """The connections whose clients take less than they are sent."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._of: dict[str, OrderedDict[asyncio.Transport, int]] = {}
        self._held: dict[str, int] = {}
        self._all = 0

    def wait(self, client: str, transport: asyncio.Transport, size: int) -> None:
        """Note that ``size`` bytes wait for a client. Ends as many connections as it takes to have room for them."""
        self.done(client, transport)
        size += BEHIND
        self._of.setdefault(client, OrderedDict())[transport] = size
        self._held[client] = self._held.get(client, 0) + size
        self._all += size
        while self._all > self._room:
            most = max(self._held, key=self._held.__getitem__)
            longest = next(iter(self._of[most]))
            self.done(most, longest)
            longest.abort()

    def done(self, client: str, transport: asyncio.Transport) -> None:
        """Note that nothing waits on a connection any more; that nothing did is no fault."""
        waiting = self._of.get(client)
        size = None if waiting is None else waiting.pop(transport, None)
        if waiting is None or size is None:
            return
        self._held[client] -= size
        self._all -= size
        if not waiting:
            del self._of[client], self._held[client]
