"""What a requirement needs: how far the resolution is, then its tree, approved as a whole or by name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import NeedsAcknowledgement, Proposed, Resolution
from admin.pages.room import Room, seen_revision, show
from admin.roles import Forbidden
from admin.schemas.closures import resolution_data
from proxy.errors import GateError
from proxy.forms import read_form
from proxy.model import Actor

FIELDS_AT_MOST = 2_000
"""A box for each project of a closure."""


async def look(room: Room, request: Request, actor: Actor) -> Response:
    """Show how far a resolution is, or what it came to."""
    return await _page(room, request.path_params["identity"], actor)


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Cancel a resolution, or approve the projects that were ticked."""
    identity = request.path_params["identity"]
    form = await read_form(request, FIELDS_AT_MOST)
    ticked, seen = [str(name) for name in form.getlist("only")], seen_revision(form)
    verb = form.get("do")
    try:
        if verb == "cancel":
            await room.actions.closures.cancel(actor, identity)
        elif ticked:
            known = [str(code) for code in form.getlist("acknowledge")]
            await room.actions.closures.approve(actor, identity, ticked, (), known, seen)
        else:
            return await _page(room, identity, actor, "Tick what you approve.")
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, identity, actor, str(error))
    return RedirectResponse(f"/admin/closures/{identity}", 303)


async def _page(room: Room, identity: str, actor: Actor, problem: str = "") -> Response:
    resolution = await room.actions.closures.look(actor, identity)
    job, status = resolution_data(resolution), 422 if problem else 200
    return show(room, "closure.html", status, actor=actor, job=job, again=_again(resolution), problem=problem)


def _again(resolution: Resolution) -> list[tuple[str, str]]:
    """Return the form's fields with which a resolution that met a look-alike is begun again, with that acknowledged."""
    wish, problem, targets = resolution.wish, resolution.problem, resolution.targets
    if not isinstance(problem, NeedsAcknowledgement):
        return []
    return [
        *((name, str(getattr(wish, name))) for name in ("requirement", "reason", "ticket", "channel")),
        *((name, "on") for name in ("standing", "prereleases", "sdists") if getattr(wish, name)),
        *(("acknowledge", code) for code in (*wish.acknowledge, problem.say)),
        ("pythons", " ".join(dict.fromkeys(target.python for target in targets))),
        ("platforms", " ".join(dict.fromkeys(target.platform for target in targets))),
    ]
