"""What was changed, newest first, fifty to a page."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from admin.pages.room import Room, number, show
from admin.schemas.told import event_data
from proxy.model import Actor
from proxy.store import EventFilter


async def events(room: Room, request: Request, actor: Actor) -> Response:
    """Show the changes, of one project or of all."""
    before = request.query_params.get("before", "")
    wanted = EventFilter(
        project=request.query_params.get("project", ""),
        before_seq=number(before),
        limit=50,
    )
    events = await asyncio.to_thread(room.store.events, wanted)
    shown = [event_data(event) for event in events]
    return show(room, "audit.html", actor=actor, events=shown, project=wanted.project)
