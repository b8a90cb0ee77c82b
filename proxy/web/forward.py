"""The gate's own socket (:mod:`proxy.local`): commands of this host come by it, and the admin of the other workers.

A worker that is not the desk sends requests on to it, and answers come back as they are. Who asked travels along in one
header that is believed from this socket only: who can reach it holds the data directory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.local import HERE
from proxy.web.http import say

ASKED_BY = b"x-wicketgate-client"
_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", ASKED_BY})


class Forward:
    """Sends requests on to the desk."""

    def __init__(self, socket: str) -> None:
        transport = httpx.AsyncHTTPTransport(uds=socket, retries=2)
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

        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        headers = [(name, value) for name, value in scope["headers"] if name not in _HOP]
        client = (scope.get("client") or ("", 0))[0]
        request = self._client.build_request(
            scope["method"],
            f"http://desk{path}" + (f"?{query}" if query else ""),
            headers=[*headers, (ASKED_BY, client.encode())],
            content=body() if scope["method"] not in {"GET", "HEAD"} else None,
        )
        try:
            answer = await self._client.send(request, stream=True)
        except httpx.TransportError:
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
