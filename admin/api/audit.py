"""What was changed, handed out and refused, and whether the log is intact."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query

from admin.api.desk import LARGEST, Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.given import Later
from admin.schemas.told import decision_data, event_data, holder_data
from proxy.model import Actor
from proxy.store import DecisionFilter, EventFilter


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.get("/audit/events")
    async def events(
        by: Actor = Depends(who),
        project: str = "",
        tag: str = "",
        actor: str = "",
        since: Later | None = None,
        before: int | None = Query(None, ge=1, le=LARGEST),
        limit: int = Query(100, ge=1, le=1000),
    ) -> Data:
        """List changes, newest first. ``next`` is the ``before`` of the following page."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(
            desk.store.events, EventFilter(project, tag, actor, since=since, before_seq=before, limit=limit)
        )
        following = found[-1].seq if len(found) == limit else None
        return {"events": [event_data(event) for event in found], "next": following}

    @router.get("/audit/decisions")
    async def decisions(
        by: Actor = Depends(who),
        project: str = "",
        client: str = "",
        verdict: str = "",
        what: str = "",
        since: Later | None = None,
        before: int | None = Query(None, ge=1, le=LARGEST),
        limit: int = Query(100, ge=1, le=1000),
    ) -> Data:
        """List what was handed out or refused, newest first."""
        demand(by, Permission.AUDIT_READ)
        wanted = DecisionFilter(
            project, client=client, verdict=verdict, what=what, since=since, before_seq=before, limit=limit
        )
        found = await asyncio.to_thread(desk.store.decisions, wanted)
        following = found[-1].seq if len(found) == limit else None
        return {"decisions": [decision_data(record) for record in found], "next": following}

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

    @router.get("/audit/verify")
    async def verify(by: Actor = Depends(who)) -> Data:
        """Check that nothing in the audit log was altered; every flaw is named."""
        demand(by, Permission.AUDIT_READ)
        flaws = await asyncio.to_thread(lambda: list(desk.store.verify()))
        return {
            "intact": not flaws,
            "flaws": [{"seq": flaw.seq, "problem": flaw.problem} for flaw in flaws[:100]],
        }

    return router
