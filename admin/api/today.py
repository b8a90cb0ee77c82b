"""The day at a glance, and projects as far as this gate knows them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Query

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.schemas.told_today import AboutOut, FoundOut, TodayOut, about_data, found_data, today_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["today"])

    @router.get("/today")
    async def today(by: Actor = Depends(who)) -> TodayOut:
        """Say what waits, what turned bad, how old the advisory data is, and what was answered and refused."""
        inbox = await desk.actions.inbox.waiting(by, limit=1)
        proposals = await desk.actions.proposals.waiting()
        return today_data(await desk.actions.today.look(by, inbox.refused), inbox, len(proposals))

    @router.get("/projects")
    async def projects(
        paging: Paged, by: Actor = Depends(who), q: str = Query("", max_length=128, description="A part of the name.")
    ) -> list[FoundOut]:
        """List projects that something was said about here: approved, prohibited or asked for."""
        kept = paging.page(await desk.actions.projects.find(by, q), lambda found: (found.project,))
        return [found_data(found) for found in kept]

    @router.get("/projects/{project}")
    async def project(project: str, by: Actor = Depends(who)) -> AboutOut:
        """Return what was said of a project, who got it last, and what was done to it last."""
        return about_data(await desk.actions.projects.about(by, project), desk.clock())

    return router
