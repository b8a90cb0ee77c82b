"""HTTP for installers and developers.

The index (``/simple/``) and the files (``/files/``, ``/refused/``) are plain ASGI callables, since
every microsecond there is paid by every build; everything else is a list of Starlette routes.

Decided here:

* The path is read from ``scope["path"]`` and never from a reconstructed URL; no header changes it.
* Links are relative, so the Host header is never reflected into a page.
* Response headers are a fixed set; nothing of the upstream's travels through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.live import Live
from proxy.web.http import AtHand, Finished, below

ChannelDoors = Mapping[str, ASGIApp]
"""What one channel answers by: its index under the first word of the path, everything else under :data:`REST`."""
REST = ""


class Doors:
    """Sends a request to its door by the first word of its path, or by the first two for a channel."""

    def __init__(self, make: Callable[[str], ChannelDoors], live: Live, write: Callable[[], None]) -> None:
        self._make, self._live, self._write = make, live, write
        self._leaving: list[Callable[[], None]] = []
        self._doors = make("")
        self._channels: dict[str, ChannelDoors] = {}
        able: Iterable[tuple[str, object]] = self._doors.items()
        self._ready = {word: door.at_hand for word, door in able if isinstance(door, AtHand)}

    def at_hand(self, scope: Scope) -> Finished | None:
        """Return the answer to a request of the default channel where one of its doors has it at hand."""
        at_hand = self._ready.get(scope["path"][1:].partition("/")[0])
        return None if at_hand is None else at_hand(scope)

    def when_written(self, send: Callable[[], None]) -> None:
        """Send an answer at the end of this turn of the event loop: the records of all are written at once."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._end_turn)
        self._leaving.append(send)

    def _end_turn(self) -> None:
        leaving, self._leaving = self._leaving, []
        self._write()
        for send in leaving:  # each by itself: one that fails keeps none of the others
            asyncio.get_running_loop().call_soon(send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan of the rest."""
        door = self._doors[REST]
        if scope["type"] == "http":
            word, _, rest = scope["path"][1:].partition("/")
            found = self._doors.get(word)
            if found is None and (doors := await self._channel(word)):
                scope = below(scope, 1 + len(word))
                found = doors.get(rest.partition("/")[0], doors[REST])
            door = found or door
        await door(scope, receive, send)

    async def _channel(self, name: str) -> ChannelDoors | None:
        """Return a channel's doors, made when somebody first comes to them."""
        channels = (await self._live.current()).channels
        if name not in channels:
            return None
        self._channels = {kept: doors for kept, doors in self._channels.items() if kept in channels}
        if name not in self._channels:
            self._channels[name] = self._make(name)
        return self._channels[name]
