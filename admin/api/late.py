"""Files that were added to approved versions later."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, IfMatch, Who
from admin.schemas.given import LateIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_acts import OutcomeOut, outcome_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["inbox"])

    @router.post("/inbox/admit", status_code=201)
    async def admit(body: LateIn, by: Actor = Depends(who), if_match: IfMatch = None) -> list[OutcomeOut]:
        """Approve exactly these late files, by the digests that stand in the inbox."""
        outcomes = await desk.actions.late.admit(by, body.filenames, body.reason, body.acknowledge, if_match)
        return [outcome_data(outcome) for outcome in outcomes]

    @router.post("/inbox/admit/decline")
    async def decline(body: LateIn, by: Actor = Depends(who)) -> EventOut:
        """Take late files out of the inbox for good, without approving them."""
        return event_data(await desk.actions.late.decline(by, body.filenames, body.reason))

    return router
