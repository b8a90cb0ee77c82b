"""Who a token belongs to, and the tokens."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given import TokenIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_people import ActingOut, IssuedOut, UsedOut, token_data, used_data
from proxy.model import Actor, Token


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["access"])

    @router.get("/whoami")
    async def whoami(by: Actor = Depends(who)) -> ActingOut:
        """Return who the token belongs to."""
        return {"name": by.name, "role": by.role, "scope": list(by.scope)}

    @router.get("/tokens")
    async def tokens(paging: Paged, by: Actor = Depends(who)) -> list[UsedOut]:
        """List the tokens in force and when each was last used, without their secrets, which nobody keeps."""
        demand(by, Permission.ACCESS_READ)
        found = await asyncio.to_thread(desk.store.entries, "token")
        used = await desk.actions.access.uses()
        kept = paging.page((entry for entry in found if isinstance(entry, Token)), lambda token: (token.name, token.id))
        return [used_data(token, used) for token in kept]

    @router.post("/tokens", status_code=201)
    async def issue(body: TokenIn, by: Actor = Depends(who)) -> IssuedOut:
        """Issue a token. Its secret is in this answer and nowhere else."""
        issued = await desk.actions.access.issue_token(by, body.name, body.role, body.valid, body.narrowed())
        return {**token_data(issued.token), "secret": issued.secret}

    @router.delete("/tokens/{identity}")
    async def withdraw(identity: str, by: Actor = Depends(who), reason: str = Query(min_length=1)) -> EventOut:
        """End a token at once."""
        return event_data(await desk.actions.access.withdraw_token(by, identity, reason))

    return router
