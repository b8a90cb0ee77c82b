"""The gate's own socket (:mod:`proxy.local`): commands of this host come by it, and the admin of the other workers.

A worker that is not the desk sends requests on to it, and answers come back as they are. Who asked travels along in one
header that is believed from this socket only: who can reach it holds the data directory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import h11
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.local import HERE
from proxy.web.http import say

ASKED_BY = b"x-wicketgate-client"
_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"date", ASKED_BY})
_BODILESS = frozenset({"GET", "HEAD"})


class Forward:
    """Sends requests on to the desk."""

    def __init__(self, socket: str) -> None:
        # Without a bound of its own: who sends bodies that do not end would keep everybody else from the admin.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        transport = httpx.AsyncHTTPTransport(uds=socket, retries=2, limits=limits)
        self._client = httpx.AsyncClient(transport=transport, timeout=600, trust_env=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request with the desk's answer."""
        if scope["type"] != "http":
            return

        async def body() -> AsyncIterator[bytes]:
            more = True
            while more:
                message = await receive()
                more = message.get("more_body", False)
                yield message.get("body", b"")

        bodiless = scope["method"] in _BODILESS
        client = (scope.get("client") or ("", 0))[0]
        query = scope["query_string"]
        request = self._client.build_request(
            scope["method"],
            "http://desk/",
            headers=[*_passed_on(scope, bodiless), (ASKED_BY, client.encode())],
            content=None if bodiless else body(),
            extensions={"target": scope["raw_path"] + (b"?" + query if query else b"")},  # as it came: nobody reads it
        )
        try:
            answer = await self._client.send(request, stream=True)
        except (httpx.TransportError, h11.ProtocolError):
            await say(send, 503, "The admin is starting again.", head=False, extra=[(b"retry-after", b"2")])
            return
        try:
            kept = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _HOP]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


def _passed_on(scope: Scope, bodiless: bool) -> list[tuple[bytes, bytes]]:
    """Return the headers that go on: those of a body only with one, and of two hosts the one that counts here."""
    dropped = _HOP | ({b"content-length"} if bodiless else set())
    hosts = [pair for pair in scope["headers"] if pair[0] == b"host"]
    return [pair for pair in scope["headers"] if pair[0] not in dropped and pair[0] != b"host"] + hosts[:1]


class OwnDoors:
    """Behind the gate's own socket: the index and the admin, wherever these listen for everybody else."""

    def __init__(self, index: ASGIApp, admin: ASGIApp) -> None:
        self._index, self._admin = index, admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its client: whom a worker names, else this host."""
        if scope["type"] != "http":
            return
        client = next((value.decode("latin-1") for name, value in scope["headers"] if name == ASKED_BY), HERE)
        app = self._admin if f"{scope['path']}/".startswith("/admin/") else self._index
        await app({**scope, "client": (client, 0)}, receive, send)
