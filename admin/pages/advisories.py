"""The advisory data: its age, what it withholds, and the waivers with their ends."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Proposed
from admin.pages.room import Room, checked, fields, show
from admin.roles import Forbidden
from admin.schemas.given import WaiverIn
from admin.schemas.told_policy import waiver_data
from admin.schemas.told_today import turned_data
from proxy.errors import GateError
from proxy.model import Actor
from proxy.policy import explaining

WAIVED = ("requirement", "advisory", "reason", "days", "owner", "justification", "channel")


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """Show the age of the data, what turned bad, and every waiver."""
    asked = request.query_params
    wish = {name: asked.get(name, "") for name in WAIVED}
    return await _page(room, actor, wish)


async def waive(room: Room, request: Request, actor: Actor) -> Response:
    """Set one advisory aside, with an end."""
    *said, known = await fields(request, *WAIVED, "acknowledge")
    wish = dict(zip(WAIVED, said, strict=True))
    given = {**wish, "acknowledge": [known] if known else []}
    try:
        await room.actions.exclusions.waive(actor, **checked(WaiverIn, given).model_dump())
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, actor, wish, str(error))
    return RedirectResponse("/admin/advisories", 303)


async def end(room: Room, request: Request, actor: Actor) -> Response:
    """End a waiver before its time."""
    requirement, advisory, reason, channel = await fields(request, "requirement", "advisory", "reason", "channel")
    await room.actions.exclusions.end_waiver(actor, requirement, advisory, reason, channel)
    return RedirectResponse("/admin/advisories", 303)


async def sync(room: Room, _request: Request, actor: Actor) -> Response:
    """Fetch the data now."""
    await room.sync.sync(actor)
    return RedirectResponse("/admin/advisories", 303)


async def _page(room: Room, actor: Actor, wish: dict[str, str], problem: str = "") -> Response:
    snapshot, at = await room.live.current(), room.clock()
    found = sorted((waiver for kept in snapshot.waivers.values() for waiver in kept), key=lambda waiver: waiver.until)
    turned = turned_data(*await room.actions.today.turned_bad(actor))
    waivers = [waiver_data(waiver, at) | {"days": (waiver.until - at).days} for waiver in found]
    return show(
        room,
        "advisories.html",
        422 if problem else 200,
        actor=actor,
        data=explaining.feed_data(snapshot, at),
        importing=room.sync.progress.data(),
        waivers=waivers,
        wish=wish,
        problem=problem,
        **turned,
    )
