"""The Simple API (PEP 503, PEP 691): the list of projects and each project's page.

A page in use is one look-up and one send: the listing, the finished body, and a count in the record.
"""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.listings import Listing
from proxy.policy.credentials import may_have
from proxy.policy.folding import malformed
from proxy.simple import names
from proxy.simple.negotiate import matches
from proxy.simple.render import render_projects
from proxy.web import bodies
from proxy.web.bodies import Body
from proxy.web.http import Asked, Finished, fail, redirect, say
from proxy.web.readers import Readers, refuses
from proxy.web.recording import Recorder

PREFIX = "/simple/"
NO_FORM = "This index speaks JSON and HTML of the Simple API, version 1."


class IndexDoor:
    """Answers under ``/simple/``."""

    def __init__(self, gateway: Gateway, readers: Readers, recorder: Recorder) -> None:
        self._gateway, self._readers, self._recorder = gateway, readers, recorder

    def at_hand(self, scope: Scope) -> Finished | None:
        """Return a project's page where it is finished, and note that it was answered. Raises StoreError."""
        path, by = scope["path"], self._readers.at_hand(scope)
        if by is None or not path.endswith("/"):
            return None
        listing = self._gateway.at_hand(path[len(PREFIX) : -1])
        body = bodies.at_hand(listing, by, scope["query_string"]) if listing else None
        if listing is None or body is None or not may_have(by.projects, listing.project):
            return None
        self._recorder.page(by, listing.composition.verdict, body.answer)
        return body.same if _has(by, body) else body.whole

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request for an index page."""
        by = await self._readers.welcome(scope, send)
        if by is None:
            return
        path, query = scope["path"], scope["query_string"]
        try:
            if by.projects and await self._elsewhere(path, by, send):
                return
            await self._page(path, query, by, send)
        except GateError as error:
            await fail(send, error, head=by.head)

    async def _elsewhere(self, path: str, by: Asked, send: Send) -> bool:
        """Whether the page is of a project that the token is not for; it is answered then."""
        project = names.normal(path[len(PREFIX) :].partition("/")[0])
        return project is not None and await refuses(by, project, send)

    async def _page(self, path: str, query: bytes, by: Asked, send: Send) -> None:
        if path == "/simple":
            await redirect(send, "simple/", head=by.head)
        elif path == PREFIX:
            await self._projects(query, by, send)
        else:
            await self._project(path.removeprefix(PREFIX), query, by, send)

    async def _projects(self, query: bytes, by: Asked, send: Send) -> None:
        """List the approved projects (of those that a token is bound to), and no others."""
        form = bodies.form_of(by, query)
        if form is None:
            await say(send, 406, NO_FORM, head=by.head)
            return
        snapshot = await self._gateway.policy.current()
        content = render_projects(sorted(name for name in snapshot.grants if may_have(by.projects, name)), form)
        await _send(send, by, await bodies.made(content, form, bodies.coding_of(by), snapshot.revision, ""))

    async def _project(self, rest: str, query: bytes, by: Asked, send: Send) -> None:
        raw, _, extra = rest.partition("/")
        project = names.normal(raw)
        if project is None or extra:
            await say(send, 404, malformed(rest.removesuffix("/")), head=by.head)
        elif raw != project or not rest.endswith("/"):
            await redirect(send, f"{'../' if rest.endswith('/') else ''}{project}/", head=by.head)
        else:
            listing = await self._gateway.listing(project)
            body = await bodies.of_listing(listing, by, query)
            if body is None:
                await say(send, 406, NO_FORM, head=by.head)
            else:
                await self._hand_out(listing, body, by, send)

    async def _hand_out(self, listing: Listing, body: Body, by: Asked, send: Send) -> None:
        self._recorder.page(by, listing.composition.verdict, body.answer)
        await _send(send, by, body)


def _has(by: Asked, body: Body) -> bool:
    known = by.headers.get(b"if-none-match")
    return known is not None and matches(known.decode("latin-1"), body.etag)


async def _send(send: Send, by: Asked, body: Body) -> None:
    fresh = _has(by, body)
    headers = body.bare if fresh else body.headers
    await send({"type": "http.response.start", "status": 304 if fresh else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if fresh or by.head else body.content})
