"""Rules by which CI jobs exchange an ID token for a token of the gate."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.given_people import RuleIn
from admin.schemas.told import event_data
from admin.schemas.told_people import rule_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["access"])

    @router.get("/oidc/rules")
    async def rules(by: Actor = Depends(who)) -> list[Data]:
        """List the rules, in the order in which they are tried."""
        demand(by, Permission.ACCESS_READ)
        return [rule_data(rule) for rule in await desk.actions.rules.all()]

    @router.post("/oidc/rules", status_code=201)
    async def add(body: RuleIn, by: Actor = Depends(who)) -> Data:
        """Add a rule."""
        return rule_data(await desk.actions.rules.add(by, body.wanted(), body.reason))

    @router.delete("/oidc/rules/{name}")
    async def end(name: str, by: Actor = Depends(who), reason: str = Query(min_length=1, max_length=2000)) -> Data:
        """End a rule, by its name or its id, and every token that it gave."""
        return event_data(await desk.actions.rules.end(by, name, reason))

    return router
