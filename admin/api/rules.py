"""Rules by which CI jobs exchange an ID token for a token of the gate."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given_people import RuleIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_people import RuleOut, rule_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["access"])

    @router.get("/oidc/rules")
    async def rules(paging: Paged, by: Actor = Depends(who)) -> list[RuleOut]:
        """List the rules, in the order in which they are tried."""
        demand(by, Permission.ACCESS_READ)
        kept = paging.page(await desk.actions.rules.all(), lambda rule: (rule.at.isoformat(), rule.id))
        return [rule_data(rule) for rule in kept]

    @router.post("/oidc/rules", status_code=201)
    async def add(body: RuleIn, by: Actor = Depends(who)) -> RuleOut:
        """Add a rule."""
        return rule_data(await desk.actions.rules.add(by, body.wanted(), body.reason))

    @router.delete("/oidc/rules/{name}")
    async def end(name: str, by: Actor = Depends(who), reason: str = Query(min_length=1, max_length=2000)) -> EventOut:
        """End a rule, by its name or its id, and every token that it gave."""
        return event_data(await desk.actions.rules.end(by, name, reason))

    return router
