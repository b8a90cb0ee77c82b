"""People's accounts and the browsers that are signed in."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand, demand_all_of
from admin.schemas.given_people import InviteIn, ReasonIn, RoleIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_people import AccountOut, InvitedOut, SessionOut, account_data, invited_data, session_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["access"])
    verbs = desk.actions.accounts

    @router.get("/accounts")
    async def accounts(paging: Paged, by: Actor = Depends(who)) -> list[AccountOut]:
        """List everybody who has an account, invited and disabled ones included."""
        demand(by, Permission.ACCESS_READ)
        kept = paging.page(await verbs.all(), lambda account: (account.name, account.id))
        return [account_data(account) for account in kept]

    @router.post("/accounts", status_code=201)
    async def invite(body: InviteIn, by: Actor = Depends(who)) -> InvitedOut:
        """Invite somebody. The secret, good once and for 30 minutes, is in this answer and nowhere else."""
        return invited_data(await verbs.invite(by, body.name, body.role, body.reason), desk.url)

    @router.post("/accounts/{identity}/reset", status_code=201)
    async def reset(identity: str, body: ReasonIn, by: Actor = Depends(who)) -> InvitedOut:
        """Take password and factors from an account, and invite its owner again."""
        return invited_data(await verbs.reset(by, identity, body.reason), desk.url)

    @router.post("/accounts/{identity}/role")
    async def set_role(identity: str, body: RoleIn, by: Actor = Depends(who)) -> EventOut:
        """Give an account another role; its sessions end."""
        return event_data(await verbs.set_role(by, identity, body.role, body.reason))

    @router.post("/accounts/{identity}/disable")
    async def disable(identity: str, body: ReasonIn, by: Actor = Depends(who)) -> EventOut:
        """Let nobody in by an account any more, at once."""
        return event_data(await verbs.disable(by, identity, body.reason))

    @router.post("/accounts/{identity}/enable")
    async def enable(identity: str, body: ReasonIn, by: Actor = Depends(who)) -> EventOut:
        """Let somebody in again who was disabled."""
        return event_data(await verbs.enable(by, identity, body.reason))

    @router.get("/sessions")
    async def sessions(
        paging: Paged, by: Actor = Depends(who), account: str = Query("", max_length=80)
    ) -> list[SessionOut]:
        """List the browsers that are signed in, of one account or of all."""
        demand(by, Permission.ACCESS_READ)
        found = [signed for signed in await desk.sessions.all() if account in {"", signed.actor.id}]
        kept = paging.page(found, lambda signed: (signed.session.opened.isoformat(), signed.session.id))
        return [session_data(signed) for signed in kept]

    @router.delete("/sessions/{identity}")
    async def end(identity: str, by: Actor = Depends(who)) -> EventOut:
        """End a session everywhere."""
        demand(by, Permission.ACCESS_WRITE)
        found = next((found for found in await desk.sessions.all() if found.session.id == identity), None)
        if found is None:
            raise HTTPException(404, "There is no such session.")
        demand_all_of(by, found.actor.role)
        return event_data(await desk.sessions.end(found, by))

    return router
