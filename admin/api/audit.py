"""What was changed, handed out and refused: searched, paged both ways, and each change with what it replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query

from admin.api.desk import LARGEST, Desk, Who
from admin.api.paging import Lead, Leading, Paged
from admin.roles import Permission, demand
from admin.schemas.given_audit import DecisionQuery, EventQuery
from admin.schemas.told import DecisionOut, EventOut, HolderOut, decision_data, event_data, holder_data
from admin.schemas.told_audit import DecisionsOut, Ends, EventsOut, ToldOut, ends, told_data
from proxy.model import Actor, HandedOut


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.get("/audit/events")
    async def events(query: Annotated[EventQuery, Query()], lead: Leading, by: Actor = Depends(who)) -> EventsOut:
        """Search changes, newest first. ``next`` is the ``before`` of older, ``previous`` the ``after`` of newer."""
        demand(by, Permission.AUDIT_READ)
        found = [event_data(event) for event in await asyncio.to_thread(desk.store.events, query.wanted())]
        return {"events": found, **_ends(found, query, lead)}

    @router.get("/audit/events/{seq}")
    async def event(seq: int = Path(ge=1, le=LARGEST), by: Actor = Depends(who)) -> ToldOut:
        """Show one change, with every entry before and after it."""
        demand(by, Permission.AUDIT_READ)
        told = await asyncio.to_thread(desk.store.trail.told, seq)
        if told is None:
            raise HTTPException(404, f"There is no event {seq}.")
        return told_data(told)

    @router.get("/audit/decisions")
    async def decisions(
        query: Annotated[DecisionQuery, Query()], lead: Leading, by: Actor = Depends(who)
    ) -> DecisionsOut:
        """Search what was handed out or refused, newest first. It is paged as changes are."""
        demand(by, Permission.AUDIT_READ)
        found = [decision_data(record) for record in await asyncio.to_thread(desk.store.decisions, query.wanted())]
        return {"decisions": found, **_ends(found, query, lead)}

    @router.get("/audit/who-has")
    async def who_has(
        paging: Paged,
        by: Actor = Depends(who),
        project: str = Query("", max_length=128),
        version: str = Query("", max_length=128),
        sha256: str = Query("", max_length=64),
        advisory: str = Query("", max_length=100),
    ) -> list[HolderOut]:
        """List who got a release: by project and version, by digest, or by an advisory that matches it."""
        demand(by, Permission.AUDIT_READ)
        found = await desk.actions.holders.who_has(project, version, sha256, advisory)
        return [holder_data(line) for line in paging.page(found, _identity)]

    return router


def _ends(found: Sequence[EventOut] | Sequence[DecisionOut], query: EventQuery | DecisionQuery, lead: Lead) -> Ends:
    upwards = query.after is not None and query.before is None
    told = ends(found, query.limit, upwards=upwards)
    if not upwards:
        lead.on(before=told["next"])
    return told


def _identity(line: HandedOut) -> tuple[str, ...]:
    """Return what tells who got what from all else: how often, and when last, changes while one reads."""
    return line.project, line.version, line.client, line.token, line.token_id, line.agent
