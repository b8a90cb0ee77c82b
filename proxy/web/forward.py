"""The admin of a worker that is not the desk: requests go to the desk's socket, answers come back as they are.

The socket lies in the data directory, which is its owner's alone. Who asked travels along in one header that the
desk believes from this socket only.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.web.http import say

ASKED_BY = b"x-wicketgate-client"
_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", ASKED_BY})


class Forward:
    """Sends requests on to the desk."""

    def __init__(self, socket: Path) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket), retries=2)
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


class AskedBy:
    """In front of the desk's socket: takes the client from the one header that a worker sets."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its client restored."""
        if scope["type"] == "http":
            client = next((value for name, value in scope["headers"] if name == ASKED_BY), b"").decode()
            scope = {**scope, "client": (client, 0)}
        await self._app(scope, receive, send)
