"""Who may read the index: anybody where the operator says so, else whoever brings a token.

pip and uv send it as basic auth (``__token__:TOKEN`` in the index URL) or as a bearer token. A 401
makes installers ask for a password, so it is used for exactly that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import Scope, Send

from proxy.live import Live
from proxy.model import Token
from proxy.web.http import say

ANYBODY = Token("", "", "", "reader", datetime.min.replace(tzinfo=UTC))


class Readers:
    """Tells which token a request brings and whether it may read."""

    def __init__(self, live: Live, clock: Callable[[], datetime], *, anonymous: bool) -> None:
        self._live, self._clock, self._anonymous = live, clock, anonymous

    async def admit(self, scope: Scope, send: Send) -> Token | None:
        """Return the token to go on with, or answer 401 and return None."""
        header = dict(scope["headers"]).get(b"authorization", b"")
        token = await self._token(header) if header else None
        if token or self._anonymous:
            return token or ANYBODY
        challenge = [(b"www-authenticate", b'Basic realm="wicketgate: user __token__, password your token"')]
        sentence = "This index needs a token: put __token__:TOKEN@ before its host name."
        await say(send, 401, sentence, head=scope["method"] == "HEAD", extra=challenge)
        return None

    async def _token(self, header: bytes) -> Token | None:
        secret = secret_of(header)
        if not secret:
            return None
        await self._live.current()  # a token withdrawn a moment ago is withdrawn here too
        token = self._live.token(hashlib.sha256(secret).hexdigest())
        ended = token is not None and token.until is not None and token.until <= self._clock()
        return None if ended else token


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
