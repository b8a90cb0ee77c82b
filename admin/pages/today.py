"""The first page: what needs a decision, what turned bad, and pictures of what was asked for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room, show
from admin.people.sessions import Signed
from admin.roles import Permission, may
from admin.schemas.told_today import today_data


async def first(room: Room, _request: Request, signed: Signed) -> Response:
    """Show the day at a glance; lead those who decide nothing to what they asked for."""
    actor = signed.actor
    if not may(actor, Permission.INBOX_READ):
        return RedirectResponse("/admin/requests", 303)
    inbox = await room.actions.inbox.waiting(actor, limit=1)
    proposals = await room.actions.proposals.waiting()
    seen = await room.actions.today.look(actor, inbox.refused)
    terms = inbox.snapshot.terms
    return show(
        room,
        "today.html",
        actor=actor,
        today=today_data(seen, inbox, len(proposals)),
        warn=terms.warn_stale_after.total_seconds() / 3600,
        alarm=terms.alarm_stale_after.total_seconds() / 3600,
    )
