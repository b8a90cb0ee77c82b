"""Emergencies: opened by one person, reviewed by another."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import NeedsAcknowledgement, Proposed, Wish
from admin.pages.room import Room, show
from admin.roles import Forbidden
from admin.schemas.emergencies import emergency_data
from proxy.errors import GateError
from proxy.forms import Form, read_form
from proxy.model import Actor
from proxy.policy import emergencies

EMPTY = Wish("", "")


async def listed(room: Room, _request: Request, actor: Actor) -> Response:
    """Show every emergency, and the forms to open one and to review one."""
    return await _page(room, actor)


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Open, end or review an emergency, as the button says."""
    form = await read_form(request, 10)
    try:
        await _done(room, actor, form)
    except (Proposed, Forbidden):
        raise
    except NeedsAcknowledgement as error:
        return await _page(room, actor, _wish(form), needs=error.say, problem=error.finding.sentence)
    except GateError as error:
        return await _page(room, actor, _wish(form), problem=str(error))
    return RedirectResponse("/admin/emergencies", 303)


async def _done(room: Room, actor: Actor, form: Form) -> None:
    verbs, identity, text = room.actions.emergencies, str(form.get("id", "")), str(form.get("text", ""))
    match form.get("do"):
        case "review":
            await verbs.review(actor, identity, text)
        case "end":
            await verbs.end(actor, identity, text)
        case _:
            await verbs.open(actor, _wish(form), _hours(str(form.get("hours", ""))))


async def _page(
    room: Room, actor: Actor, wish: Wish = EMPTY, *, needs: str | None = None, problem: str = ""
) -> Response:
    found = emergencies.emergencies(await room.live.current())
    lines = [emergency_data(approval, room.clock()) for approval in found]
    status = 422 if problem and needs is None else 200
    return show(room, "emergencies.html", status, actor=actor, lines=lines, wish=wish, needs=needs, problem=problem)


def _wish(form: Form) -> Wish:
    return Wish(
        requirement=str(form.get("requirement", "")),
        reason=str(form.get("reason", "")),
        acknowledge=tuple(str(code) for code in form.getlist("acknowledge")),
        channel=str(form.get("channel", ""))[:40],
    )


def _hours(text: str) -> float:
    """Return the hours that somebody wrote; 0, which the verb refuses in words, for what is no number."""
    try:
        return float(text)
    except ValueError:
        return 0.0
