"""The list of popular projects that look-alikes are told from."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query, Request

from admin.api.desk import Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.told import event_data
from proxy.feeds import names
from proxy.model import Actor
from proxy.policy import changes


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["names"])

    @router.put(
        "/names",
        openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def update(
        request: Request, by: Actor = Depends(who), source: str = Query("an upload", max_length=200)
    ) -> Data:
        """Put another list of popular projects in force (CSV: rank,project,downloads)."""
        demand(by, Permission.FEED_WRITE)
        content = await request.body()
        at = desk.clock()
        chosen = await asyncio.to_thread(names.keep_list, desk.data_dir, content, source, by.name, at)
        event = await asyncio.to_thread(desk.store.commit, changes.take_names(chosen), by, at)
        await desk.live.current()
        return event_data(event)

    return router
