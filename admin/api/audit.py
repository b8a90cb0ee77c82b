"""What was changed, handed out and refused: searched, paged both ways, and each change with what it replaced."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from admin.api.desk import LARGEST, Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.given_audit import DecisionQuery, EventQuery
from admin.schemas.told import decision_data, event_data, holder_data
from admin.schemas.told_audit import page_data, told_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.get("/audit/events")
    async def events(query: Annotated[EventQuery, Query()], by: Actor = Depends(who)) -> Data:
        """Search changes, newest first. ``next`` is the ``before`` of older, ``previous`` the ``after`` of newer."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(desk.store.events, query.wanted())
        upwards = query.after is not None and query.before is None
        return page_data("events", [event_data(event) for event in found], query.limit, upwards=upwards)

    @router.get("/audit/events/{seq}")
    async def event(seq: int = Path(ge=1, le=LARGEST), by: Actor = Depends(who)) -> Data:
        """Show one change, with every entry before and after it."""
        demand(by, Permission.AUDIT_READ)
        told = await asyncio.to_thread(desk.store.trail.told, seq)
        if told is None:
            raise HTTPException(404, f"There is no event {seq}.")
        return told_data(told)

    @router.get("/audit/decisions")
    async def decisions(query: Annotated[DecisionQuery, Query()], by: Actor = Depends(who)) -> Data:
        """Search what was handed out or refused, newest first. It is paged as changes are."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(desk.store.decisions, query.wanted())
        upwards = query.after is not None and query.before is None
        return page_data("decisions", [decision_data(record) for record in found], query.limit, upwards=upwards)

    @router.get("/audit/who-has")
    async def who_has(
        by: Actor = Depends(who),
        project: str = Query("", max_length=128),
        version: str = Query("", max_length=128),
        sha256: str = Query("", max_length=64),
        advisory: str = Query("", max_length=100),
    ) -> list[Data]:
        """List who got a release: by project and version, by digest, or by an advisory that matches it."""
        demand(by, Permission.AUDIT_READ)
        return [holder_data(line) for line in await desk.actions.holders.who_has(project, version, sha256, advisory)]

    return router
