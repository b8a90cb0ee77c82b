"""The day at a glance, and projects as far as this gate knows them."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Data, Desk, Who
from admin.schemas.told_today import about_data, today_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["today"])

    @router.get("/today")
    async def today(by: Actor = Depends(who)) -> Data:
        """Say what waits, what turned bad, how old the advisory data is, and what was answered and refused."""
        inbox = await desk.actions.inbox.waiting(by, limit=1)
        proposals = await desk.actions.proposals.waiting()
        return today_data(await desk.actions.today.look(by, inbox.refused), inbox, len(proposals))

    @router.get("/projects")
    async def projects(
        by: Actor = Depends(who), q: str = Query("", max_length=128, description="A part of the name.")
    ) -> list[Data]:
        """List projects that something was said about here: approved, prohibited or asked for."""
        return [asdict(found) for found in await desk.actions.projects.find(by, q)]

    @router.get("/projects/{project}")
    async def project(project: str, by: Actor = Depends(who)) -> Data:
        """Return what was said of a project, who got it last, and what was done to it last."""
        return about_data(await desk.actions.projects.about(by, project), desk.clock())

    return router
