"""Files that were added to approved versions later: one button admits them, another declines them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room
from proxy.forms import read_form
from proxy.model import Actor

FILES_AT_MOST = 200


async def admit(room: Room, request: Request, actor: Actor) -> Response:
    """Approve the files that were ticked by their digests, or decline them."""
    form = await read_form(request, FILES_AT_MOST + 3)
    filenames = [str(name) for name in form.getlist("filename")]
    reason, declined = str(form.get("reason", "")), form.get("do") == "decline"
    known, verbs = [str(code) for code in form.getlist("acknowledge")], room.actions.late
    await (verbs.decline(actor, filenames, reason) if declined else verbs.admit(actor, filenames, reason, known))
    return RedirectResponse("/admin/inbox", 303)
