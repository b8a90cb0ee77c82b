"""The admin's pages: sign in, the inbox, an approval with its consequences before the button, the audit.

Decided here:

* A sign-in makes an opaque session of twelve hours, kept as a token of its own that ends; the cookie
  is out of scripts' and other sites' reach. Signing out withdraws it everywhere.
* A form is taken only from our own origin, by the browser's own headers (Origin, Sec-Fetch-Site).
* Pages are forms and links: they work without script, and no script is allowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from admin import auth
from admin.actions import Actions, NeedsAcknowledgement, Wish
from admin.auth import Authenticator
from admin.roles import Permission, demand
from admin.schemas import ask_data, demand_data, event_data, outcome_data
from proxy.errors import GateError
from proxy.model import Actor, Ask, Token
from proxy.policy import changes, explaining
from proxy.store import EventFilter, Store

SESSION = timedelta(hours=12)
COOKIE = "wicketgate_session"
NOT_OURS = "This form was not sent from the gate's own page.\n"
SECURE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}

Handler = Callable[[Request], Awaitable[Response]]
Signed = Callable[["Room", Request, Actor], Awaitable[Response]]

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True, slots=True)
class Room:
    """The collaborators of the pages."""

    actions: Actions
    authenticator: Authenticator
    store: Store
    clock: Callable[[], datetime]
    url: str


def routes(room: Room) -> list[Route]:
    """Return the pages, below ``/admin``."""
    return [
        Route("/", _signed(room, _inbox)),
        Route("/style.css", _style),
        Route("/sign-in", _sign_in_page, methods=["GET"]),
        Route("/sign-in", _sign_in(room), methods=["POST"]),
        Route("/sign-out", _signed(room, _sign_out), methods=["POST"]),
        Route("/approve", _signed(room, _approve_page), methods=["GET"]),
        Route("/approve", _signed(room, _approve), methods=["POST"]),
        Route("/decline", _signed(room, _decline), methods=["POST"]),
        Route("/audit", _signed(room, _audit)),
    ]


def _signed(room: Room, page: Signed) -> Handler:
    """Let a page be seen by who is signed in, and its form be sent from our own pages alone."""

    async def handler(request: Request) -> Response:
        if request.method == "POST" and not _same_origin(request):
            return PlainTextResponse(NOT_OURS, 403, SECURE)
        secret = request.cookies.get(COOKIE, "")
        actor = await room.authenticator.actor(secret, _address(request), session=True)
        if actor is None:
            return RedirectResponse("/admin/sign-in", 303)
        try:
            return await page(room, request, actor)
        except GateError as error:
            return _show("problem.html", 422, actor=actor, problem=str(error))

    return handler


async def _inbox(room: Room, _request: Request, actor: Actor) -> Response:
    demand(actor, Permission.INBOX_READ)
    asks = await asyncio.to_thread(room.store.entries, "ask")
    refused = await asyncio.to_thread(room.store.demand, room.clock() - timedelta(days=7))
    snapshot = await room.actions.live.current()
    return _show(
        "inbox.html",
        actor=actor,
        asks=[ask_data(ask) for ask in asks if isinstance(ask, Ask)],
        refused=[demand_data(line) for line in refused],
        feed=explaining.feed_data(snapshot.feed, room.clock()),
        approved=len(snapshot.grants),
    )


async def _approve_page(_room: Room, request: Request, actor: Actor) -> Response:
    demand(actor, Permission.POLICY_APPROVE)
    requirement = request.query_params.get("requirement", "")
    return _show("approve.html", actor=actor, wish=Wish(requirement, ""), outcome=None, needs=None, problem="")


async def _approve(room: Room, request: Request, actor: Actor) -> Response:
    """Show what an approval would do; grant it when the second button was pressed."""
    async with request.form(max_files=0, max_fields=20) as form:
        wish = Wish(
            requirement=str(form.get("requirement", "")),
            reason=str(form.get("reason", "")),
            standing="standing" in form,
            prereleases="prereleases" in form,
            sdists="sdists" in form,
            acknowledge=tuple(str(code) for code in form.getlist("acknowledge")),
            ticket=str(form.get("ticket", ""))[:200],
        )
        grant = form.get("do") == "grant"
        seen = str(form.get("revision", ""))
    revision = _number(seen) if grant else None
    outcome, needs, problem = None, None, ""
    try:
        outcome = outcome_data(await room.actions.approve(actor, wish, dry_run=not grant, if_revision=revision))
    except NeedsAcknowledgement as error:
        needs, problem = error.say, str(error.finding.sentence)
    except GateError as error:
        problem = str(error)
    status = 422 if problem and needs is None else 200
    return _show("approve.html", status, actor=actor, wish=wish, outcome=outcome, needs=needs, problem=problem)


async def _decline(room: Room, request: Request, actor: Actor) -> Response:
    async with request.form(max_files=0, max_fields=4) as form:
        project, reason = str(form.get("project", "")), str(form.get("reason", ""))
    await room.actions.decline(actor, project, reason)
    return RedirectResponse("/admin/", 303)


async def _audit(room: Room, request: Request, actor: Actor) -> Response:
    demand(actor, Permission.AUDIT_READ)
    before = request.query_params.get("before", "")
    wanted = EventFilter(
        project=request.query_params.get("project", ""),
        before_seq=_number(before),
        limit=50,
    )
    events = await asyncio.to_thread(room.store.events, wanted)
    return _show("audit.html", actor=actor, events=[event_data(event) for event in events], project=wanted.project)


async def _sign_in_page(_request: Request) -> Response:
    return _show("sign-in.html", actor=None, problem="")


def _sign_in(room: Room) -> Handler:
    async def handler(request: Request) -> Response:
        if not _same_origin(request):
            return PlainTextResponse(NOT_OURS, 403, SECURE)
        async with request.form(max_files=0, max_fields=2) as form:
            secret = str(form.get("token", "")).strip()
        actor = await room.authenticator.actor(secret, _address(request))
        if actor is None:
            return _show("sign-in.html", 403, actor=None, problem="That token is not valid.")
        at = room.clock()
        issued = auth.issue(actor.name, actor.role, at, SESSION, parent=actor.id)
        await asyncio.to_thread(room.store.commit, changes.open_session(issued.token), actor, at)
        answer = RedirectResponse("/admin/", 303)
        secure = room.url.startswith("https://")
        answer.set_cookie(
            COOKIE,
            issued.secret,
            int(SESSION.total_seconds()),
            path="/admin",
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    return handler


async def _sign_out(room: Room, request: Request, actor: Actor) -> Response:
    token = room.actions.live.token(auth.digest(request.cookies.get(COOKIE, "")), room.clock())
    if isinstance(token, Token):
        await asyncio.to_thread(room.store.commit, changes.close_session(token), actor, room.clock())
    answer = RedirectResponse("/admin/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/admin")
    return answer


async def _style(_request: Request) -> Response:
    css = (Path(__file__).parent / "static" / "style.css").read_text()
    return Response(css, media_type="text/css", headers={"cache-control": "max-age=3600"})


def _show(template: str, status: int = 200, **facts: object) -> HTMLResponse:
    return HTMLResponse(_pages.get_template(template).render(facts), status, SECURE)


def _same_origin(request: Request) -> bool:
    """Whether a browser sent this from our own page. One that says neither is no browser of today."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    host = request.headers.get("host", "")
    return bool(host) and request.headers.get("origin", "").partition("://")[2] == host


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
