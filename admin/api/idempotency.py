"""Idempotency keys: a write that is sent again is answered again, and done once (header ``Idempotency-Key``).

In front of every route, for every method that may change something. A key is its actor's own and good for 24 hours:

* The same request (method, path, query, body, ``If-Match``, the types it brings and takes) under the same key gets the
  answer that was kept, with ``Idempotent-Replayed: true``. Another request under the key is refused with 422; while
  the first one runs, 409.
* A refusal that changed nothing is not kept: the key may be sent again, mended or not. An errand that is followed
  line by line (newline-delimited JSON) is kept with the end that it told.
* What is guaranteed when the gate dies, or the client goes away, in the middle: the first change that a request
  commits and the note that its key committed are one transaction of the store (:mod:`proxy.store.repeats`). Died
  before it, nothing was changed and the request is done anew; died after it, the answer is lost, the request is not
  done again, and 409 names the event. Every route that changes the policy commits once. Syncing and importing
  advisories commit as the feed: done again, they find nothing new. What only reads may be read again.
* Who brings no good token is told so before a body is read. Whether a token is still good is asked once more by the
  route, when the body is there: a body may take as long as its sender likes, and a token may be withdrawn meanwhile.
* Secrets that are shown once are kept nowhere, so neither are answers that hold one, nor answers of more than 64 KiB.
  For these, too, 409 names the event.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from tempfile import SpooledTemporaryFile

from fastapi.security.utils import get_authorization_scheme_param
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from admin.api import problems
from admin.api.desk import UPLOAD_AT_MOST
from admin.auth import Authenticator
from admin.roles import Forbidden, Permission, demand
from proxy.errors import GateError
from proxy.model import Actor
from proxy.store.asked import Answered, Asked, Repeat, Repeats
from proxy.web.caps import UPLOADS

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEY = re.compile(r"[!-~]{1,255}")
KEEP_AT_MOST = 64 << 10
IN_MEMORY = 1 << 20
SECRET = b'"secret":'
"""Stands in JSON where a member has that name, and nowhere else: within a string its quotes are escaped."""
SAYS = ("accept", "content-type", "if-match")
"""The headers that make a request another one."""
_SCOPE = "wicketgate.attempt"


def acting(actor: Actor, scope: Scope) -> Actor:
    """Return the actor as acting in this request, so that what they commit is noted under its key.

    Raises HTTPException for what is no key: here, behind the routing, so that what is nowhere is told so first.
    """
    key = _key(scope)
    if key is not None and not KEY.fullmatch(key):
        raise HTTPException(
            422, f"{HEADER} takes 1 to 255 printable ASCII characters without spaces. A random UUID is a good one."
        )
    return replace(actor, attempt=scope.get(_SCOPE, ""))


class TooLarge(Exception):
    """A body larger than anything that a route takes."""


class Keys:
    """Lets requests with a key through once."""

    def __init__(
        self, app: ASGIApp, *, repeats: Repeats, authenticator: Authenticator, clock: Callable[[], datetime]
    ) -> None:
        self._app, self._repeats, self._authenticator, self._clock = app, repeats, authenticator, clock
        self._holder = secrets.token_hex(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it from what is kept."""
        key = _key(scope)
        changing = scope["type"] == "http" and scope["method"] in UNSAFE
        actor = await self._actor(Request(scope)) if changing else None
        if changing and actor is None:  # a stranger's body is not read: the route says 401, or 404
            await self._app(scope, _nothing, send)
        elif key is None or actor is None or not KEY.fullmatch(key) or not _may_bring(actor, scope):
            await self._app(scope, receive, send)
        else:
            with SpooledTemporaryFile(IN_MEMORY) as body:
                await self._keyed(_Kept(scope, receive, send, body), actor, key)

    async def _actor(self, request: Request) -> Actor | None:
        scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
        address = request.client.host if request.client else ""
        try:
            return await self._authenticator.actor(secret, address) if scheme.lower() == "bearer" else None
        except Forbidden:
            return None

    async def _keyed(self, kept: _Kept, actor: Actor, key: str) -> None:
        try:
            asked = await kept.asked(actor.id, key)
            if asked is None:
                return  # the client went away before it said what it wants
            repeat = await asyncio.to_thread(self._repeats.begin, asked, self._holder, self._clock())
        except TooLarge:
            await kept.say(problems.said(413, "Too large", f"At most {UPLOAD_AT_MOST >> 20} MiB is taken."))
            return
        except GateError as error:
            await kept.say(problems.answered(error))
            return
        if repeat.state == "begun":
            await self._run(kept, repeat.attempt)
        else:
            await kept.say(_repeated(repeat))

    async def _run(self, kept: _Kept, attempt: str) -> None:
        try:
            await self._app({**kept.scope, _SCOPE: attempt}, kept.receive, kept.send)
        finally:
            answer = kept.answer
            done = (self._repeats.finish, attempt, answer) if answer else (self._repeats.abandon, attempt)
            await asyncio.shield(asyncio.to_thread(*done))


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] not in UNSAFE:
        return None
    return Request(scope).headers.get(HEADER)


async def _nothing() -> Message:
    """Give an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def _may_bring(actor: Actor, scope: Scope) -> bool:
    """Whether a body is read to its end for an actor: what may be large is kept on disk only for who may upload it."""
    try:
        if scope["path"] == UPLOADS:
            demand(actor, Permission.FEED_WRITE)
    except Forbidden:
        return False
    return True


def _repeated(repeat: Repeat) -> Response:
    """Return the answer to a request whose key was sent before."""
    match repeat.state:
        case "other":
            said = "This key was sent with another request within 24 hours. Send a new key with a new request."
            return problems.said(422, "A key of another request", said)
        case "running":
            return problems.said(409, "Still being done", "The first request with this key is being done. Ask again.")
        case "too-many":
            said = "Too many keys were sent within 24 hours. Send this without one, or wait."
            return problems.said(429, "Too many keys", said)
    answer = repeat.answer
    if answer is None or answer.body is None:
        return _gone(repeat)
    return Response(answer.body, answer.status, {**json.loads(answer.headers), REPLAYED: "true"})


def _gone(repeat: Repeat) -> Response:
    why = "showed a secret once, or was too large to be kept" if repeat.answer else "was lost when the gate stopped"
    event = f" as event {repeat.event}: wicketgate audit show {repeat.event}" if repeat.event else ""
    said = f"This was done{event}. Its answer {why}. To do it once more, send a new key."
    return problems.said(409, "Done already", said)


@dataclass(slots=True)
class _Kept:
    """One request, its body read to the end, and its answer noted while it passes."""

    scope: Scope
    _receive: Receive
    _send: Send
    _body: SpooledTemporaryFile[bytes]
    _size: int = 0
    _start: Message | None = None
    _answered: bytearray | None = field(default_factory=bytearray)
    _whole: bool = False

    async def asked(self, actor: str, key: str) -> Asked | None:
        """Read the body; None where the client went away. Raises TooLarge."""
        request = Request(self.scope)
        digest = hashlib.sha256(json.dumps([request.headers.get(name, "") for name in SAYS]).encode())
        more = True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return None
            piece = message.get("body", b"")
            self._size += len(piece)
            if self._size > UPLOAD_AT_MOST:
                raise TooLarge
            digest.update(piece)
            self._body.write(piece)
            more = message.get("more_body", False)
        self._body.seek(0)
        path = f"{self.scope['path']}?{self.scope['query_string'].decode('latin-1')}"
        return Asked(actor, key, request.method, path, digest.hexdigest())

    async def receive(self) -> Message:
        """Give the body piece by piece, then what the client does."""
        if self._size < 0:
            return await self._receive()
        piece = self._body.read(IN_MEMORY)
        more = self._body.tell() < self._size
        self._size = self._size if more else -1
        return {"type": "http.request", "body": piece, "more_body": more}

    async def send(self, message: Message) -> None:
        """Note a piece of the answer, and pass it on."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._note(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        await self._send(message)

    async def say(self, response: Response) -> None:
        """Answer without the application."""
        await response(self.scope, self._receive, self._send)

    def _note(self, piece: bytes) -> None:
        if self._answered is not None:
            self._answered += piece
            if len(self._answered) > KEEP_AT_MOST:
                self._answered = None

    @property
    def answer(self) -> Answered | None:
        """What was answered, where it was answered whole; without its body where that is not to be kept."""
        if self._start is None or not self._whole:
            return None
        body = None if self._answered is None or SECRET in self._answered else bytes(self._answered)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._start["headers"]}
        return Answered(self._start["status"], json.dumps(headers), body)
