"""Look-alike names: the list of popular projects they are told from, and what the team acknowledged."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query, Request

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_policy import AcknowledgementOut, acknowledgement_data
from proxy.feeds import names
from proxy.model import Actor

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
    ) -> EventOut:
        """Put another list of popular projects in force (CSV: rank,project,downloads)."""
        demand(by, Permission.FEED_WRITE)
        content = await request.body()
        at = desk.clock()
        chosen = await asyncio.to_thread(names.keep_list, desk.data_dir, content, source, by.name, at)
        event = await desk.actions.lookalikes.choose(by, chosen, desk.data_dir, if_match)
        await desk.live.names_learnt()
        return event_data(event)

    @router.get("/names/acknowledged")
    async def acknowledged(paging: Paged, by: Actor = Depends(who)) -> list[AcknowledgementOut]:
        """List the look-alikes that are meant all the same."""
        kept = paging.page(
            await desk.actions.lookalikes.acknowledged(by), lambda entry: (entry.project, entry.target, entry.id)
        )
        return [acknowledgement_data(entry) for entry in kept]

    @router.delete("/names/acknowledged/{name}")
    async def withdraw(
        name: str,
        by: Actor = Depends(who),
        reason: str = Query(min_length=1, max_length=2000),
        if_match: IfMatch = None,
    ) -> EventOut:
        """Let a name be a look-alike again."""
        return event_data(await desk.actions.lookalikes.withdraw(by, name, reason, if_match))

    return router
