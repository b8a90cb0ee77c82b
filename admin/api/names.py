"""Look-alike names: the list of popular projects they are told from, and what the team acknowledged."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query, Request

from admin.api.desk import Data, Desk, IfMatch, Who
from admin.roles import Permission, demand
from admin.schemas.told import acknowledgement_data, event_data
from proxy.feeds import names
from proxy.model import Actor
from proxy.policy import changes

CSV = "rank,project,downloads\n1,requests,1000000\n2,flask,900000\n"


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["names"])

    @router.put(
        "/names",
        openapi_extra={
            "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}, "example": CSV}}}
        },
    )
    async def update(
        request: Request,
        by: Actor = Depends(who),
        source: str = Query("an upload", max_length=200),
        if_match: IfMatch = None,
    ) -> Data:
        """Put another list of popular projects in force (CSV: rank,project,downloads)."""
        demand(by, Permission.FEED_WRITE)
        content = await request.body()
        at = desk.clock()
        chosen = await asyncio.to_thread(names.keep_list, desk.data_dir, content, source, by.name, at)
        event = await asyncio.to_thread(desk.store.commit, changes.take_names(chosen), by, at, if_revision=if_match)
        await desk.live.current()
        await desk.live.names_learnt()
        return event_data(event)

    @router.get("/names/acknowledged")
    async def acknowledged(by: Actor = Depends(who)) -> list[Data]:
        """List the look-alikes that are meant all the same."""
        return [acknowledgement_data(entry) for entry in await desk.actions.lookalikes.acknowledged(by)]

    @router.delete("/names/acknowledged/{name}")
    async def withdraw(
        name: str,
        by: Actor = Depends(who),
        reason: str = Query(min_length=1, max_length=2000),
        if_match: IfMatch = None,
    ) -> Data:
        """Let a name be a look-alike again."""
        return event_data(await desk.actions.lookalikes.withdraw(by, name, reason, if_match))

    return router
