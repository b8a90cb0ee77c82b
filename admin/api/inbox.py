"""Who asked for what, and what was refused."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi import APIRouter, Depends

from admin.api.desk import Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.given import DeclineIn
from admin.schemas.told import ask_data, demand_data, event_data, late_data
from proxy.model import Actor, Ask

DEMAND_DAYS = 7


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["inbox"])

    @router.get("/inbox")
    async def inbox(by: Actor = Depends(who)) -> Data:
        """List who asked for what, what was refused in the last seven days, and files added to approved versions."""
        demand(by, Permission.INBOX_READ)
        asks = await asyncio.to_thread(desk.store.entries, "ask")
        refused = await asyncio.to_thread(desk.store.demand, desk.clock() - timedelta(days=DEMAND_DAYS))
        return {
            "requests": [ask_data(ask) for ask in asks if isinstance(ask, Ask)],
            "refused": [demand_data(line) for line in refused],
            "late_files": [late_data(late) for late in await desk.actions.late.waiting(by)],
        }

    @router.post("/inbox/decline")
    async def decline(body: DeclineIn, by: Actor = Depends(who)) -> Data:
        """Take the wishes for a project out of the inbox."""
        return event_data(await desk.actions.inbox.decline(by, body.project, body.reason))

    return router
