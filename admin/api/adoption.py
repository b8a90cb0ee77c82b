"""From observe mode to approvals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, Who
from admin.schemas.given_documents import SINCE, WEEK
from admin.schemas.told_documents import AdoptionOut, adoption_data
from proxy.model import Actor
from proxy.policy.document.schema import Duration


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy as code"])

    @router.get("/adopt")
    async def adopt(
        since: Annotated[Duration, Query(description=SINCE)] = WEEK,
        channel: Annotated[str, Query(max_length=40)] = "",
        by: Actor = Depends(who),
    ) -> AdoptionOut:
        """Propose the approvals that would have let through what observe mode did, as a document to be applied."""
        return adoption_data(await desk.actions.adopting.propose(by, since, channel))

    return router
