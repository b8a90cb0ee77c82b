"""What is approved, prohibited and waived."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, IfMatch, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given import ApprovalIn, RequirementIn, WaiverEndIn, WaiverIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_acts import OutcomeOut, outcome_data
from admin.schemas.told_policy import (
    ApprovalOut,
    ProhibitionOut,
    WaiverOut,
    approval_data,
    prohibition_data,
    waiver_data,
)
from proxy.model import Actor, Approval, Prohibition, Waiver


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])

    @router.post("/approvals", status_code=201)
    async def approve(body: ApprovalIn, by: Actor = Depends(who), if_match: IfMatch = None) -> OutcomeOut:
        """Approve what a requirement matches now, or show what that would do. If-Match takes a revision."""
        granted = desk.actions.approvals.approve(by, body.wish(), dry_run=body.dry_run, if_revision=if_match)
        return outcome_data(await granted)

    @router.get("/approvals")
    async def approvals(paging: Paged, by: Actor = Depends(who), project: str = "") -> list[ApprovalOut]:
        """List the approvals in force."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        found = (g.approval for name, grants in snapshot.grants.items() if project in {"", name} for g in grants)
        return [approval_data(approval) for approval in paging.page(found, _place)]

    @router.post("/approvals/revoke")
    async def revoke(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """End what opens a requirement."""
        return event_data(
            await desk.actions.approvals.revoke(by, body.requirement, body.reason, body.channel, if_match)
        )

    @router.post("/prohibitions", status_code=201)
    async def prohibit(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Never serve a project or a range of it."""
        return event_data(
            await desk.actions.exclusions.prohibit(by, body.requirement, body.reason, body.channel, if_match)
        )

    @router.get("/prohibitions")
    async def prohibitions(paging: Paged, by: Actor = Depends(who), project: str = "") -> list[ProhibitionOut]:
        """List the prohibitions in force."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        found = (entry for name, kept in snapshot.prohibitions.items() if project in {"", name} for entry in kept)
        return [prohibition_data(entry) for entry in paging.page(found, _place)]

    @router.get("/waivers")
    async def waivers(paging: Paged, by: Actor = Depends(who)) -> list[WaiverOut]:
        """List the waivers, those that ended by themselves included."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        found = (waiver for kept in snapshot.waivers.values() for waiver in kept)
        return [waiver_data(waiver, desk.clock()) for waiver in paging.page(found, _place)]

    @router.post("/waivers", status_code=201)
    async def waive(body: WaiverIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """Set one advisory aside for a range of a project, until a date."""
        return event_data(await desk.actions.exclusions.waive(by, **body.model_dump(), if_revision=if_match))

    @router.post("/waivers/end")
    async def end_waiver(body: WaiverEndIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """End a waiver before its time."""
        ended = desk.actions.exclusions.end_waiver(
            by, body.requirement, body.advisory, body.reason, body.channel, if_match
        )
        return event_data(await ended)

    @router.post("/prohibitions/lift")
    async def lift(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> EventOut:
        """End the prohibitions of exactly this requirement."""
        return event_data(await desk.actions.exclusions.lift(by, body.requirement, body.reason, body.channel, if_match))

    return router


def _place(entry: Approval | Prohibition | Waiver) -> tuple[str, ...]:
    """Return where an entry stands in a list: by project, the oldest first."""
    return entry.project, entry.at.isoformat(), entry.id
