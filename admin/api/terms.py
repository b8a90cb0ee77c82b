"""The standing rules, and where package files may come from."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given import OriginIn
from admin.schemas.given_terms import TermsIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_acts import SettledOut, settled_data
from admin.schemas.told_policy import TermsOut
from proxy.model import Actor
from proxy.policy import terms as standing_rules


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])

    @router.get("/terms")
    async def terms(by: Actor = Depends(who), channel: str = Query("", max_length=40)) -> TermsOut:
        """Return the standing rules in force in a channel."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.actions.standing.policy(channel)
        return {**standing_rules.data(snapshot.terms), "revision": snapshot.revision}

    @router.patch("/terms")
    async def set_terms(body: TermsIn, by: Actor = Depends(who), if_match: IfMatch = None) -> SettledOut:
        """Change standing rules, or show what that would do. What is left out stays; If-Match takes a revision."""
        given = body.given(desk.clock())
        settled = await desk.actions.set_terms(
            by, body.channel, given, body.inherit, body.reason, if_match, dry_run=body.dry_run
        )
        return settled_data(settled)

    @router.get("/origins")
    async def origins(paging: Paged, by: Actor = Depends(who)) -> list[str]:
        """List where package files may come from."""
        demand(by, Permission.POLICY_READ)
        kept = paging.page((await desk.live.current()).origins, lambda origin: (origin.url,))
        return [origin.url for origin in kept]

    @router.post("/origins", status_code=201)
    async def allow_origin(body: OriginIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Let package files come from one more server."""
        return event_data(await desk.actions.standing.allow_origin(by, body.url, body.reason, if_match))

    return router
