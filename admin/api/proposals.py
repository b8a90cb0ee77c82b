"""Acts that wait for a second person."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given_people import ConfirmIn, ReasonIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_people import ProposalOut, proposal_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["proposals"])
    verbs = desk.actions.proposals

    @router.get("/proposals")
    async def proposals(paging: Paged, by: Actor = Depends(who)) -> list[ProposalOut]:
        """List what waits for a second person, the oldest first."""
        demand(by, Permission.INBOX_READ)
        terms = (await desk.live.current()).terms
        kept = paging.page(await verbs.waiting(), lambda proposal: (proposal.at.isoformat(), proposal.id))
        return [proposal_data(proposal, terms) for proposal in kept]

    @router.get("/proposals/{identity}")
    async def proposal(identity: str, by: Actor = Depends(who)) -> ProposalOut:
        """Return one proposal whole: what would be done, and the digest to confirm it by."""
        demand(by, Permission.INBOX_READ)
        return proposal_data(await verbs.one(identity), (await desk.live.current()).terms)

    @router.post("/proposals/{identity}/confirm")
    async def confirm(identity: str, body: ConfirmIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Do what somebody else proposed, as the second person."""
        return event_data(await verbs.confirm(by, identity, body.digest, body.acknowledge, if_match))

    @router.post("/proposals/{identity}/reject")
    async def reject(identity: str, body: ReasonIn, by: Actor = Depends(who)) -> EventOut:
        """End a proposal without doing it; whoever made it takes it back so."""
        return event_data(await verbs.reject(by, identity, body.reason))

    return router
