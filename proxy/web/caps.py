"""A cap on what a request may bring, in front of everything that reads a body whole.

Uploads of advisory data are let through: their route counts for itself while it writes to disk. Locks to be
imported, and policy documents, may be larger than anything else that is read whole; only who may send them is read.

Decided here:

* What strangers send is bounded in all and for one client, and in time: thousands of them at once fill no memory,
  and nobody holds the room for others by sending slowly. What fits one connection's own buffer is always taken.
* A client that leaves in the middle of its body is no fault of ours, and is not told as one.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.web.http import Headers, say

BODY_AT_MOST = 4 << 20
UPLOADS = "/admin/api/v1/advisories/import"
LARGER = {
    "/admin/api/v1/imports": 16 << 20,
    **dict.fromkeys((f"/admin/api/v1/{path}" for path in ("policy/plan", "policy/apply", "simulate")), 32 << 20),
}
"""Bytes, by path."""
FREE = 64 << 10
"""Bytes of a body that every connection holds at the most, before anybody asks for them."""
BODY_SECONDS = 60.0
_CLOSE: Headers = [(b"connection", b"close")]
_LEFT: Message = {"type": "http.disconnect"}


class Room:
    """Bytes of bodies that are held at once: ``whole`` in all, ``of_one`` of one client."""

    def __init__(self, whole: int = 64 << 20, of_one: int = 16 << 20) -> None:
        self._whole, self._of_one = whole, of_one
        self._held: Counter[str] = Counter()

    def take(self, client: str, size: int) -> bool:
        """Whether so many bytes more may be held; they are held then."""
        if self._held.total() + size > self._whole or self._held[client] + size > self._of_one:
            return False
        self._held[client] += size
        return True

    def give(self, client: str, size: int) -> None:
        """Let go of bytes that were taken."""
        self._held[client] -= size
        if self._held[client] <= 0:
            del self._held[client]


class BodyCap:
    """Answers 413 to a body that says, or turns out, to be larger than what its path takes (4 MiB).

    503 where many bodies are held already, 408 where one does not end.
    """

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app, self._room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http" or scope["path"] == UPLOADS:
            await self._app(scope, receive, send)
            return
        most = LARGER.get(scope["path"], BODY_AT_MOST)
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or len(said) > 9 or int(said) > most:
            await say(send, 413, _too_large(most), head=False, extra=_CLOSE)
            return
        room = None if scope["path"] in LARGER else self._room
        body = _Body(receive, send, most, room, (scope.get("client") or ("",))[0])
        try:
            await self._app(scope, body.receive, body.send)
        except ClientDisconnect:
            pass  # it left, or was answered here
        finally:
            body.close()


class _Body:
    """One request's body on its way to whoever reads it, and its answer."""

    def __init__(self, receive: Receive, send: Send, most: int, room: Room | None, client: str) -> None:
        self._receive, self._send, self._most, self._room, self._client = receive, send, most, room, client
        self._taken = self._held = 0
        self._ended = self._answered = self._started = False
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS

    async def receive(self) -> Message:
        """Bring the next piece; for a body that is refused, that its client has gone."""
        if self._answered:
            return _LEFT
        try:
            async with asyncio.timeout_at(None if self._ended or self._room is None else self._until):
                message = await self._receive()
        except TimeoutError:
            return await self._refuse(408, f"Send a body within {BODY_SECONDS:.0f} seconds.")
        size = len(message.get("body", b""))
        self._taken += size
        self._ended = not message.get("more_body", False)
        if self._taken > self._most:
            return await self._refuse(413, _too_large(self._most))
        if not self._fits(size):
            return await self._refuse(503, "Many send much at once. Try again in some seconds.", (b"retry-after", b"5"))
        return message

    def _fits(self, size: int) -> bool:
        counted = min(size, self._taken - FREE)
        if self._room is None or counted <= 0:
            return True
        if not self._room.take(self._client, counted):
            return False
        self._held += counted
        return True

    async def _refuse(self, status: int, sentence: str, *extra: tuple[bytes, bytes]) -> Message:
        if not self._started:
            await say(self._send, status, sentence, head=False, extra=[*_CLOSE, *extra])
        self._answered = True
        return _LEFT

    async def send(self, message: Message) -> None:
        """Send a message of the answer, unless the body was answered for here."""
        if not self._answered:
            self._started = True
            await self._send(message)

    def close(self) -> None:
        """Let go of what was held."""
        if self._room is not None:
            self._room.give(self._client, self._held)


def _too_large(most: int) -> str:
    return f"At most {most >> 20} MiB is taken."
