"""What every page shares: its collaborators, who may see it, how it is shown.

Decided here:

* A form is taken only from our own origin, by the browser's own headers (Origin, Sec-Fetch-Site).
* No page runs a script, is framed, or is kept by a cache.
* Every page of who is signed in carries the age of the advisory data, and the emergencies that wait for a review.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from admin.actions import Actions
from admin.auth import Authenticator
from proxy.errors import GateError
from proxy.live import Live
from proxy.model import Actor
from proxy.policy import emergencies, explaining
from proxy.store import Store

COOKIE = "wicketgate_session"
NOT_OURS = "This form was not sent from the gate's own page.\n"
SECURE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
ADMIN = Path(__file__).parent.parent

Handler = Callable[[Request], Awaitable[Response]]
Signed = Callable[["Room", Request, Actor], Awaitable[Response]]

_pages = Environment(loader=FileSystemLoader(ADMIN / "templates"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Room:
    """The collaborators of the pages."""

    actions: Actions
    authenticator: Authenticator
    store: Store
    live: Live
    clock: Callable[[], datetime]
    url: str


def signed(room: Room, page: Signed) -> Handler:
    """Let a page be seen by who is signed in, and its form be sent from our own pages alone."""

    async def handler(request: Request) -> Response:
        if request.method == "POST" and not same_origin(request):
            return PlainTextResponse(NOT_OURS, 403, SECURE)
        secret = request.cookies.get(COOKIE, "")
        actor = await room.authenticator.actor(secret, address(request), session=True)
        if actor is None:
            return RedirectResponse("/admin/sign-in", 303)
        await room.live.current()
        try:
            return await page(room, request, actor)
        except GateError as error:
            return show(room, "problem.html", 422, actor=actor, problem=str(error))

    return handler


async def style(_request: Request) -> Response:
    """Return the style sheet of every page."""
    css = (ADMIN / "static" / "style.css").read_text()
    return Response(css, media_type="text/css", headers={"cache-control": "max-age=3600"})


def show(room: Room, template: str, status: int = 200, **facts: object) -> HTMLResponse:
    """Return a page made from a template. Who is signed in reads on every one what must not be overlooked."""
    snapshot, at = room.live.snapshot, room.clock()
    alarms = [emergencies.sentence(approval, at) for approval in emergencies.alarms(snapshot)]
    feed = explaining.feed_data(snapshot, at)
    return HTMLResponse(_pages.get_template(template).render(facts, feed=feed, alarms=alarms), status, SECURE)


def same_origin(request: Request) -> bool:
    """Whether a browser sent this from our own page. One that says neither is no browser of today."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    host = request.headers.get("host", "")
    return bool(host) and request.headers.get("origin", "").partition("://")[2] == host


def number(text: str) -> int | None:
    """Return a number that somebody else wrote, or None for what is none or is too large for the store."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def address(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""
