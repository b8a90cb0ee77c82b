"""Break-glass: emergencies opened by one person, and reviewed by another."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.emergencies import EmergencyIn, EmergencyOut, FindingIn, OpenedOut, emergency_data, opened_data
from admin.schemas.told import EventOut, event_data
from proxy.model import Actor
from proxy.policy import emergencies


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["emergencies"])

    @router.get("/emergencies")
    async def list_emergencies(paging: Paged, by: Actor = Depends(who)) -> list[EmergencyOut]:
        """List the emergencies, the newest first, those that ended and were reviewed included."""
        demand(by, Permission.POLICY_READ)
        found = emergencies.emergencies(await desk.live.current())
        kept = paging.page(found, lambda approval: (approval.at.isoformat(), approval.id), newest_first=True)
        return [emergency_data(approval, desk.clock()) for approval in kept]

    @router.post("/emergencies", status_code=201)
    async def open_emergency(body: EmergencyIn, by: Actor = Depends(who), if_match: IfMatch = None) -> OpenedOut:
        """Open what a requirement matches now, for some hours. Everybody is told."""
        outcome = await desk.actions.emergencies.open(by, body.wish(), body.hours, if_match)
        return opened_data(outcome, desk.clock())

    @router.post("/emergencies/{identity}/review")
    async def review(identity: str, body: FindingIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Record what somebody else than its opener found."""
        return event_data(await desk.actions.emergencies.review(by, identity, body.finding, if_match))

    @router.delete("/emergencies/{identity}")
    async def end(
        identity: str,
        by: Actor = Depends(who),
        reason: str = Query(min_length=1, max_length=2000),
        if_match: IfMatch = None,
    ) -> EventOut:
        """End an emergency before its time; it still waits for its review."""
        return event_data(await desk.actions.emergencies.end(by, identity, reason, if_match))

    return router
