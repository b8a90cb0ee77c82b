"""Who may read the index: anybody where the operator says so, else whoever brings a token.

pip and uv send it as basic auth (``__token__:TOKEN`` in the index URL) or as a bearer token. A 401
makes installers ask for a password, so it is used for exactly that; a token that is good elsewhere gets 403.

Decided here:

* A token that is bound (to a channel, to networks) is refused where it does not fit, also where anybody may read:
  whoever bound it meant that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope, Send

from proxy.live import Live
from proxy.model import Token
from proxy.policy.credentials import may_come_from, may_have, may_read
from proxy.simple import names
from proxy.uses import Uses
from proxy.web.http import READING, Asked, asked, only_reading, say

Handler = Callable[[Request, Token], Awaitable[Response]]
"""Answers a reader, who brought this token."""

ANYBODY = Token("", "", "", "requester", datetime.min.replace(tzinfo=UTC))
CHALLENGE = 'Basic realm="wicketgate: user __token__, password your token"'
NO_TOKEN = "This index needs a token: put __token__:TOKEN@ before its host name."  # noqa: S105  a sentence
ELSEWHERE = "This token may not be used from this address."
OTHER_CHANNEL = "This token does not read this index: it is bound to another channel, or not for reading."
OTHER_PROJECTS = "This token is bound to other projects."

Passes = Callable[[str, datetime], Token | None]
"""Reads a short-lived token that is kept nowhere; None for what is none."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a request may not read, and the status that says so."""

    status: int
    sentence: str

    @property
    def headers(self) -> dict[str, str]:
        """The challenge that a 401 must carry (RFC 9110)."""
        return {"www-authenticate": CHALLENGE} if self.status == 401 else {}


@dataclass(frozen=True, slots=True)
class Readers:
    """Tells which token a request to a channel's index brings, and whether it may read."""

    live: Live
    clock: Callable[[], datetime]
    anonymous: bool
    channel: str = ""
    passes: Passes = lambda _secret, _at: None
    uses: Uses | None = None

    def at_hand(self, scope: Scope) -> Asked | None:
        """Return who asks with GET, where that can be said without waiting and nothing is refused."""
        if scope["method"] != "GET":
            return None
        by = asked(scope)
        header = by.headers.get(b"authorization", b"")
        if not header:
            return by if self.anonymous else None
        found = None if self.live.at_hand() is None else self._reader(header, by.client)
        return _who(by, found) if isinstance(found, Token) else None

    async def welcome(self, scope: Scope, send: Send) -> Asked | None:
        """Return who asks, or answer 405 (this only reads), 401 or 403 and return None."""
        if scope["method"] not in READING and not await only_reading(scope, send):
            return None
        by = asked(scope)
        if self.anonymous and b"authorization" not in by.headers:
            return by
        found = await self.reader(scope)
        if isinstance(found, Denied):
            headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
            await say(send, found.status, found.sentence, head=by.head, extra=headers)
            return None
        return _who(by, found)

    async def reader(self, scope: Scope) -> Token | Denied:
        """Return the token that a request brings, :data:`ANYBODY` where none is needed, else why it may not read."""
        header = dict(scope["headers"]).get(b"authorization", b"")
        if header:
            await self.live.current()  # a token withdrawn a moment ago is withdrawn here too
        return self._reader(header, (scope.get("client") or ("",))[0])

    def _reader(self, header: bytes, address: str) -> Token | Denied:
        token = self._token(header)
        if token is None:
            return ANYBODY if self.anonymous else Denied(401, NO_TOKEN)
        if not may_come_from(token, address):
            return Denied(403, ELSEWHERE)
        if not may_read(token, self.channel):
            return Denied(403, OTHER_CHANNEL)
        return token

    def _token(self, header: bytes) -> Token | None:
        secret = secret_of(header)
        if not secret:
            return None
        at = self.clock()
        token = self.live.token(hashlib.sha256(secret).hexdigest(), at)
        if token is None:
            return self.passes(secret.decode("latin-1"), at)
        if self.uses:
            self.uses.note(token, at)
        return token


def _who(by: Asked, token: Token) -> Asked:
    by.token, by.token_id, by.projects = token.name, token.id, token.projects
    return by


async def refuses(by: Asked, project: str, send: Send) -> bool:
    """Whether a token is bound to other projects than this one; it is answered then."""
    if may_have(by.projects, project):
        return False
    await say(send, 403, OTHER_PROJECTS, head=by.head)
    return True


def for_readers(readers: Readers, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Let those through to a page who may read the index (and have the project that it is about)."""

    async def guarded(request: Request) -> Response:
        reader = await readers.reader(request.scope)
        if isinstance(reader, Denied):
            return PlainTextResponse(f"{reader.sentence}\n", reader.status, reader.headers)
        project = names.normal(request.path_params.get("name", ""))
        if project and not may_have(reader.projects, project):
            return PlainTextResponse(f"{OTHER_PROJECTS}\n", 403)
        return await handler(request, reader)

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
