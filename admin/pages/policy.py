"""The terms by channel, and the channels."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Proposed, Unusable
from admin.pages.room import Room, fields, show
from admin.roles import Forbidden
from admin.schemas.told_policy import channel_data
from proxy.errors import GateError
from proxy.model import Actor
from proxy.policy import terms


async def page(room: Room, _request: Request, actor: Actor) -> Response:
    """Show the terms of every channel beside each other."""
    return await _page(room, actor)


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Open or close a channel, as the button says."""
    verb, name, base, reason = await fields(request, "do", "name", "base", "reason")
    try:
        match verb:
            case "open":
                await room.actions.channels.open(actor, name.strip(), base, reason)
            case "close":
                await room.actions.channels.close(actor, name, reason)
            case _:
                raise Unusable("That button is not known here.")
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, actor, str(error))
    return RedirectResponse("/admin/policy", 303)


async def _page(room: Room, actor: Actor, problem: str = "") -> Response:
    snapshot = await room.live.current()
    return show(
        room,
        "policy.html",
        422 if problem else 200,
        actor=actor,
        terms=terms.data(snapshot.terms),
        channels=[channel_data(channel, snapshot) for _, channel in sorted(snapshot.channels.items())],
        origins=[origin.url for origin in snapshot.origins],
        revision=snapshot.revision,
        url=room.gate_url,
        problem=problem,
    )
