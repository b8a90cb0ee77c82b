"""Acts that wait for a second person."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Data, Desk, IfMatch, Who
from admin.roles import Permission, demand
from admin.schemas.given_people import ConfirmIn, ReasonIn
from admin.schemas.told import event_data
from admin.schemas.told_people import proposal_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["proposals"])
    verbs = desk.actions.proposals

    @router.get("/proposals")
    async def proposals(by: Actor = Depends(who)) -> list[Data]:
        """List what waits for a second person, the oldest first."""
        demand(by, Permission.INBOX_READ)
        terms = (await desk.live.current()).terms
        return [proposal_data(proposal, terms) for proposal in await verbs.waiting()]

    @router.get("/proposals/{identity}")
    async def proposal(identity: str, by: Actor = Depends(who)) -> Data:
        """Return one proposal whole: what would be done, and the digest to confirm it by."""
        demand(by, Permission.INBOX_READ)
        return proposal_data(await verbs.one(identity), (await desk.live.current()).terms)

    @router.post("/proposals/{identity}/confirm")
    async def confirm(identity: str, body: ConfirmIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """Do what somebody else proposed, as the second person."""
        return event_data(await verbs.confirm(by, identity, body.digest, if_match))

    @router.post("/proposals/{identity}/reject")
    async def reject(identity: str, body: ReasonIn, by: Actor = Depends(who)) -> Data:
        """End a proposal without doing it; whoever made it takes it back so."""
        return event_data(await verbs.reject(by, identity, body.reason))

    return router
