"""Who may read the index: anybody where the operator says so, else whoever brings a token.

pip and uv send it as basic auth (``__token__:TOKEN`` in the index URL) or as a bearer token. A 401
makes installers ask for a password, so it is used for exactly that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope, Send

from proxy.live import Live
from proxy.model import Token
from proxy.web.http import READING, Asked, asked, only_reading, say

Handler = Callable[[Request], Awaitable[Response]]

ANYBODY = Token("", "", "", "reader", datetime.min.replace(tzinfo=UTC))


CHALLENGE = 'Basic realm="wicketgate: user __token__, password your token"'
NO_TOKEN = "This index needs a token: put __token__:TOKEN@ before its host name."  # noqa: S105  a sentence


class Readers:
    """Tells which token a request brings and whether it may read."""

    def __init__(self, live: Live, clock: Callable[[], datetime], *, anonymous: bool) -> None:
        self._live, self._clock, self._anonymous = live, clock, anonymous

    async def welcome(self, scope: Scope, send: Send) -> Asked | None:
        """Return who asks, or answer 405 (this only reads) or 401 and return None."""
        if scope["method"] not in READING and not await only_reading(scope, send):
            return None
        by = asked(scope)
        if self._anonymous and b"authorization" not in by.headers:
            return by
        token = await self.may_read(scope)
        if token is None:
            await say(send, 401, NO_TOKEN, head=by.head, extra=[(b"www-authenticate", CHALLENGE.encode())])
            return None
        by.token = token.name
        return by

    async def may_read(self, scope: Scope) -> Token | None:
        """Return the token that a request brings, :data:`ANYBODY` where none is needed, else None."""
        header = dict(scope["headers"]).get(b"authorization", b"")
        token = await self._token(header) if header else None
        return token or (ANYBODY if self._anonymous else None)

    async def _token(self, header: bytes) -> Token | None:
        secret = secret_of(header)
        if not secret:
            return None
        await self._live.current()  # a token withdrawn a moment ago is withdrawn here too
        token = self._live.token(hashlib.sha256(secret).hexdigest(), self._clock())
        return None if token is None or token.parent else token


def for_readers(readers: Readers, handler: Handler) -> Handler:
    """Let those through to a page who may read the index."""

    async def guarded(request: Request) -> Response:
        if not await readers.may_read(request.scope):
            return PlainTextResponse(f"{NO_TOKEN}\n", 401, {"www-authenticate": CHALLENGE})
        return await handler(request)

    return guarded


def secret_of(header: bytes) -> bytes:
    """Return the secret in an Authorization header (bearer, or basic with user ``__token__``), else b""."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() == b"basic":
        try:
            user, _, secret = base64.b64decode(value.strip(), validate=True).partition(b":")
        except binascii.Error:
            return b""
        return secret if user == b"__token__" else b""
    return b""
