"""A cap on what a request may bring, in front of everything that reads a body whole.

Uploads of advisory data are let through: their route counts for itself while it writes to disk. Locks to be
imported, and policy documents, may be larger than anything else that is read whole.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxy.web.http import say

BODY_AT_MOST = 4 << 20
UPLOADS = "/admin/api/v1/advisories/import"
LARGER = {
    "/admin/api/v1/imports": 16 << 20,
    **dict.fromkeys((f"/admin/api/v1/{path}" for path in ("policy/plan", "policy/apply", "simulate")), 32 << 20),
}
"""Bytes, by path."""


class BodyCap:
    """Answers 413 to a body that says, or turns out, to be larger than what its path takes (4 MiB)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body counted."""
        if scope["type"] != "http" or scope["path"] == UPLOADS:
            await self._app(scope, receive, send)
            return
        most = LARGER.get(scope["path"], BODY_AT_MOST)
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or len(said) > 9 or int(said) > most:
            await say(send, 413, f"At most {most >> 20} MiB is taken.", head=False, extra=[(b"connection", b"close")])
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            # A client that sends more than it said has gone, as far as the application is concerned.
            return message if taken <= most else {"type": "http.disconnect"}

        await self._app(scope, counted, send)
