"""Coming in, by name and password or (until there are accounts) by token, and going out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.cookies import DEVICE, SESSION
from admin.pages.room import Room, fields, guest, show
from admin.pages.table import let_in
from admin.people.proof import NotProved
from admin.people.sessions import Signed


async def page(room: Room, _request: Request) -> Response:
    """Ask who comes."""
    return _page(room, "")


async def enter(room: Room, request: Request) -> Response:
    """Take a name and a password, or a token, and go on to whatever comes next."""
    name, password, token = await fields(request, "name", "password", "token")
    try:
        if token:
            secret, where = await room.entrance.by_token(token.strip(), guest(request)), "/admin/"
        else:
            device = room.jar.get(request, DEVICE)
            secret, signed = await room.entrance.by_password(name, password, guest(request), device)
            where = _next(signed)
    except NotProved as error:
        return _page(room, str(error), 403)
    answer = RedirectResponse(where, 303)
    await let_in(room, request, answer, secret)
    return answer


async def leave(room: Room, _request: Request, signed: Signed) -> Response:
    """End the session everywhere."""
    await room.people.sessions.end(signed, signed.actor)
    answer = RedirectResponse("/admin/sign-in", 303)
    room.jar.drop(answer, SESSION)
    return answer


def _next(signed: Signed) -> str:
    stages = {"password": "/admin/sign-in/factor", "enrol": "/admin/account", "full": "/admin/"}
    return stages[signed.session.stage]


def _page(room: Room, problem: str, status: int = 200) -> Response:
    people = room.people
    return show(
        room,
        "sign-in.html",
        status,
        actor=None,
        problem=problem,
        token=room.entrance.takes_tokens,
        passkeys=people.takes_passkeys,
        openid=people.openid.provider.issuer if people.openid else "",
    )
