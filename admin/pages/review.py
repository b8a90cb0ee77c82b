"""One page about a project, with what a reviewer needs to know."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from admin.pages.room import Room, show
from admin.schemas.review import review_data
from proxy.model import Actor


async def review(room: Room, request: Request, actor: Actor) -> Response:
    """Show the review of a project, or of one version of it."""
    asked = request.query_params
    found = await room.actions.reviews.review(
        actor, request.path_params["project"], asked.get("version", ""), asked.get("channel", "")
    )
    return show(room, "review.html", actor=actor, review=review_data(found))
