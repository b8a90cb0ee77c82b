"""The inbox: what waits, what comes first at the top; a wish declined."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room, show
from admin.schemas.inbox import inbox_data
from proxy.model import Actor

LINES = 100


async def inbox(room: Room, request: Request, actor: Actor) -> Response:
    """Show what waits, page by page."""
    found = await room.actions.inbox.waiting(actor, request.query_params.get("after", ""), LINES)
    inbox, approved = inbox_data(found, room.clock()), len(found.snapshot.grants)
    return show(room, "inbox.html", actor=actor, inbox=inbox, approved=approved)


async def decline(room: Room, request: Request, actor: Actor) -> Response:
    """Take the wishes for a project out of the inbox."""
    async with request.form(max_files=0, max_fields=4) as form:
        project, reason = str(form.get("project", "")), str(form.get("reason", ""))
    await room.actions.inbox.decline(actor, project, reason)
    return RedirectResponse("/admin/", 303)
