"""Projects: found by a part of their name, and one in full: versions against reasons, who uses it, its history."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Proposed, Unusable
from admin.pages.room import Room, fields, listed, show
from admin.roles import Forbidden
from admin.schemas.review import review_data
from admin.schemas.told_today import about_data
from proxy.errors import GateError
from proxy.model import Actor


async def found(room: Room, request: Request, actor: Actor) -> Response:
    """List the projects whose names hold a text."""
    text = request.query_params.get("q", "")[:128]
    shown, following = listed(
        request, "projects", await room.actions.projects.find(actor, text), lambda each: (each.project,)
    )
    return show(room, "projects.html", actor=actor, text=text, found=shown, following=following)


async def project(room: Room, request: Request, actor: Actor) -> Response:
    """Show a project, or one version of it."""
    asked = request.query_params
    name, version, channel = request.path_params["project"], asked.get("version", ""), asked.get("channel", "")
    return await _page(room, actor, name, version, channel)


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Revoke, prohibit, or lift a prohibition, as the button says."""
    name = request.path_params["project"]
    verb, specifier, reason, channel = await fields(request, "do", "specifier", "reason", "channel")
    requirement, verbs = f"{name}{specifier.strip()}", room.actions
    try:
        match verb:
            case "revoke":
                await verbs.approvals.revoke(actor, requirement, reason, channel)
            case "prohibit":
                await verbs.exclusions.prohibit(actor, requirement, reason, channel)
            case "lift":
                await verbs.exclusions.lift(actor, requirement, reason, channel)
            case _:
                raise Unusable("That button is not known here.")
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, actor, name, "", channel, str(error))
    return RedirectResponse(f"/admin/projects/{name}", 303)


async def _page(room: Room, actor: Actor, name: str, version: str, channel: str, problem: str = "") -> Response:
    """Show what is known here in any case, and what the upstream says where it can be asked."""
    about = about_data(await room.actions.projects.about(actor, name), room.clock())
    try:
        review, silence = review_data(await room.actions.reviews.review(actor, name, version, channel)), ""
    except GateError as error:
        review, silence = None, str(error)
    status = 422 if problem else 200
    return show(room, "project.html", status, actor=actor, about=about, review=review, silence=silence, problem=problem)
