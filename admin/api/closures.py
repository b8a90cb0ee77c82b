"""What a requirement needs: found by a resolution that is watched and may be cancelled, then approved."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, IfMatch, Who
from admin.schemas.closures import ChosenIn, ClosureIn, ResolutionOut, resolution_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])
    closures = desk.actions.closures

    @router.post("/approvals/closures", status_code=202)
    async def start(body: ClosureIn, by: Actor = Depends(who)) -> ResolutionOut:
        """Begin to find what a requirement needs. Ask for its ``id`` until its ``state`` is no longer ``running``."""
        return resolution_data(await closures.start(by, body.wish(), body.targets()))

    @router.get("/approvals/closures/{identity}")
    async def look(identity: str, by: Actor = Depends(who)) -> ResolutionOut:
        """Return how far a resolution of yours is, and what it came to."""
        return resolution_data(await closures.look(by, identity))

    @router.post("/approvals/closures/{identity}/approve")
    async def approve(
        identity: str, body: ChosenIn, by: Actor = Depends(who), if_match: IfMatch = None
    ) -> ResolutionOut:
        """Approve what a resolution showed, as one change. If-Match takes a revision."""
        chosen = closures.approve(by, identity, body.only, body.but, body.acknowledge, if_match)
        return resolution_data(await chosen)

    @router.delete("/approvals/closures/{identity}")
    async def cancel(identity: str, by: Actor = Depends(who)) -> ResolutionOut:
        """End a resolution of yours, and what it started."""
        return resolution_data(await closures.cancel(by, identity))

    return router
