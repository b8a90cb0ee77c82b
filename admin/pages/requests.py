"""The first page of those who decide nothing: what they asked for, what became of it, and the form to ask."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room, checked, fields, listed, show
from admin.people.sessions import Signed
from admin.roles import Forbidden, Permission, may
from admin.schemas.requests import RequestIn, own_data
from proxy.errors import GateError
from proxy.model import Actor

ASKED = ("requirement", "why", "channel")


async def page(room: Room, request: Request, signed: Signed) -> Response:
    """Show one's own requests; to who may not ask, where to go from here."""
    wish = {name: request.query_params.get(name, "")[:1000] for name in ASKED}
    return await _page(room, request, signed.actor, wish)


async def ask(room: Room, request: Request, actor: Actor) -> Response:
    """Put a wish into the inbox."""
    wish = dict(zip(ASKED, await fields(request, *ASKED), strict=True))
    try:
        body = checked(RequestIn, {**wish, "why": wish["why"] or "no reason given"})
        await room.actions.requests.ask(actor, body.requirement, body.why, body.channel)
    except Forbidden:
        raise
    except GateError as error:
        return await _page(room, request, actor, wish, str(error))
    return RedirectResponse("/admin/requests", 303)


async def _page(room: Room, request: Request, actor: Actor, wish: dict[str, str], problem: str = "") -> Response:
    asks = may(actor, Permission.REQUEST)
    lives = await room.actions.requests.of(actor) if asks else []
    shown, following = listed(
        request, "requests", lives, lambda life: (life.put_at.isoformat(), life.entry.id), newest_first=True
    )
    return show(
        room,
        "requests.html",
        422 if problem else 200,
        actor=actor,
        asks=asks,
        requests=[own_data(life) for life in shown],
        following=following,
        channels=sorted((await room.live.current()).channels) if may(actor, Permission.POLICY_READ) else [],
        wish=wish,
        url=room.gate_url,
        problem=problem,
    )
