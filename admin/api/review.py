"""One view of a project with what a reviewer needs to know."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Data, Desk, Who
from admin.schemas.review import ReviewOut, review_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["inbox"])

    @router.get("/review/{project}", response_model=None, responses={200: {"model": ReviewOut}})
    async def review(
        project: str,
        by: Actor = Depends(who),
        version: str = Query("", max_length=128),
        channel: str = Query("", max_length=40),
    ) -> Data:
        """Gather what is known of a project, or of one version of it, and who asked for it. Nothing of it is run."""
        return review_data(await desk.actions.reviews.review(by, project, version, channel))

    return router
