"""Channels: more than one policy on one gate."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given import ChannelIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_policy import ChannelOut, channel_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["channels"])

    @router.get("/channels")
    async def channels(paging: Paged, by: Actor = Depends(who)) -> list[ChannelOut]:
        """List the channels besides the default one."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        kept = paging.page(snapshot.channels.values(), lambda channel: (channel.name,))
        return [channel_data(channel, snapshot) for channel in kept]

    @router.post("/channels", status_code=201)
    async def open_channel(body: ChannelIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Open a channel; its index is at ``/NAME/simple/``."""
        return event_data(await desk.actions.channels.open(by, body.name, body.base, body.reason, if_match))

    @router.delete("/channels/{name}")
    async def close(
        name: str,
        by: Actor = Depends(who),
        reason: str = Query(min_length=1, max_length=2000),
        if_match: IfMatch = None,
    ) -> EventOut:
        """Close a channel and end what was said in it."""
        return event_data(await desk.actions.channels.close(by, name, reason, if_match))

    return router
