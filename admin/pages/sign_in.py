"""Coming in and going out.

Decided here:

* A sign-in makes an opaque session of twelve hours, kept as a token of its own that ends; the cookie
  is out of scripts' and other sites' reach. Signing out withdraws it everywhere.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from admin import auth
from admin.pages.room import COOKIE, NOT_OURS, SECURE, Handler, Room, address, same_origin, show
from proxy.model import Actor, Token
from proxy.policy import changes

SESSION = timedelta(hours=12)


def page(room: Room) -> Handler:
    """Return what asks for a token."""

    async def handler(_request: Request) -> Response:
        return show(room, "sign-in.html", actor=None, problem="")

    return handler


def enter(room: Room) -> Handler:
    """Return what makes a session from a valid token."""

    async def handler(request: Request) -> Response:
        if not same_origin(request):
            return PlainTextResponse(NOT_OURS, 403, SECURE)
        async with request.form(max_files=0, max_fields=2) as form:
            secret = str(form.get("token", "")).strip()
        actor = await room.authenticator.actor(secret, address(request))
        if actor is None:
            return show(room, "sign-in.html", 403, actor=None, problem="That token is not valid.")
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


async def leave(room: Room, request: Request, actor: Actor) -> Response:
    """End the session everywhere."""
    token = room.live.token(auth.digest(request.cookies.get(COOKIE, "")), room.clock())
    if isinstance(token, Token):
        await asyncio.to_thread(room.store.commit, changes.close_session(token), actor, room.clock())
    answer = RedirectResponse("/admin/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/admin")
    return answer
