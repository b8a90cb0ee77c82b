"""Taking up an invitation: its secret is typed, never part of an address, so that no log and no history keeps it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room, address, fields, show
from admin.people.passwords import LENGTH_ALONE, LENGTH_WITH_FACTOR, Unfit
from admin.people.proof import NotProved


async def page(room: Room, _request: Request) -> Response:
    """Ask for the invitation's secret and a password."""
    return _asking(room, "")


async def redeem(room: Room, request: Request) -> Response:
    """Set the password; signing in with it is the next step, with the second factor to be enrolled there."""
    secret, password, repeated = await fields(request, "secret", "password", "repeated")
    if password != repeated:
        return _asking(room, "The two passwords differ.", 422)
    try:
        await room.actions.own.redeem(secret, password, address(request))
    except (NotProved, Unfit) as error:
        return _asking(room, str(error), 403 if isinstance(error, NotProved) else 422)
    return RedirectResponse("/admin/sign-in", 303)


def _asking(room: Room, problem: str, status: int = 200) -> Response:
    lengths = {"alone": LENGTH_ALONE, "with_factor": LENGTH_WITH_FACTOR}
    return show(room, "invited.html", status, actor=None, problem=problem, **lengths)
