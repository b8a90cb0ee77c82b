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
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.types import Scope, Send

from proxy.live import Live
from proxy.model import Token
from proxy.policy.credentials import may_come_from, may_have, may_read
from proxy.uses import Uses
from proxy.web.http import say

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

    async def admit(self, scope: Scope, send: Send) -> Token | None:
        """Return the token to go on with, or answer 401 or 403 and return None."""
        found = await self.reader(scope)
        if isinstance(found, Token):
            return found
        headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
        await say(send, found.status, found.sentence, head=scope["method"] == "HEAD", extra=headers)
        return None

    async def reader(self, scope: Scope) -> Token | Denied:
        """Return the token that a request brings, :data:`ANYBODY` where none is needed, else why it may not read."""
        header = dict(scope["headers"]).get(b"authorization", b"")
        token = await self._token(header) if header else None
        if token is None:
            return ANYBODY if self.anonymous else Denied(401, NO_TOKEN)
        if not may_come_from(token, (scope.get("client") or ("",))[0]):
            return Denied(403, ELSEWHERE)
        if not may_read(token, self.channel):
            return Denied(403, OTHER_CHANNEL)
        return token

    async def _token(self, header: bytes) -> Token | None:
        secret = secret_of(header)
        if not secret:
            return None
        await self.live.current()  # a token withdrawn a moment ago is withdrawn here too
        at = self.clock()
        token = self.live.token(hashlib.sha256(secret).hexdigest(), at)
        if token is None:
            return self.passes(secret.decode("latin-1"), at)
        if self.uses:
            self.uses.note(token, at)
        return token


async def refuses(token: Token, project: str, send: Send, *, head: bool) -> bool:
    """Whether a token is bound to other projects than this one; it is answered then."""
    if may_have(token, project):
        return False
    await say(send, 403, OTHER_PROJECTS, head=head)
    return True


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
