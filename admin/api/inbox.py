"""What waits: emergencies, fixes, who asked for what, and what was refused."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Leading
from admin.schemas.given import ApprovalsIn
from admin.schemas.inbox import DeclineIn, InboxOut, inbox_data
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_acts import ManyOut, WishedOut, foreseen_data, outcome_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["inbox"])

    @router.get("/inbox")
    async def inbox(
        lead: Leading,
        by: Actor = Depends(who),
        after: str = Query("", max_length=300, description="The ``next`` of the page before."),
        limit: int = Query(100, ge=1, le=1000),
    ) -> InboxOut:
        """List what waits, what comes first at the front. ``next`` is the ``after`` of the following page."""
        found = await desk.actions.inbox.waiting(by, after, limit)
        lead.on(after=found.following)
        return inbox_data(found, desk.clock())

    @router.post("/inbox/approve", status_code=201)
    async def approve(body: ApprovalsIn, by: Actor = Depends(who), if_match: IfMatch = None) -> ManyOut:
        """Approve many as one change, all or none; or show what each would do and what stands in its way."""
        wishes = [wish.wish() for wish in body.wishes]
        if body.dry_run:
            return foreseen_data(await desk.actions.approvals.foresee_all(by, wishes))
        outcomes = await desk.actions.approvals.approve_all(by, wishes, if_revision=if_match)
        told: list[WishedOut] = [
            {**outcome_data(outcome), "requirement": wish.requirement}
            for wish, outcome in zip(wishes, outcomes, strict=True)
        ]
        return {"outcomes": told, "stopped": [], "revision": outcomes[-1].revision}

    @router.post("/inbox/decline")
    async def decline(body: DeclineIn, by: Actor = Depends(who)) -> EventOut:
        """Take the wishes for some projects out of the inbox."""
        return event_data(await desk.actions.inbox.decline(by, body.projects, body.reason))

    return router
