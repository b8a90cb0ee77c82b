"""What is approved, prohibited and waived."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Data, Desk, IfMatch, Who
from admin.roles import Permission, demand
from admin.schemas.given import ApprovalIn, RequirementIn, WaiverEndIn, WaiverIn
from admin.schemas.told import approval_data, event_data, outcome_data, waiver_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])

    @router.post("/approvals", status_code=201)
    async def approve(body: ApprovalIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """Approve what a requirement matches now, or show what that would do. If-Match takes a revision."""
        granted = desk.actions.approvals.approve(by, body.wish(), dry_run=body.dry_run, if_revision=if_match)
        return outcome_data(await granted)

    @router.get("/approvals")
    async def approvals(by: Actor = Depends(who), project: str = "") -> list[Data]:
        """List the approvals in force."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        grants = [grant for name, found in sorted(snapshot.grants.items()) for grant in found if project in {"", name}]
        return [approval_data(grant.approval) for grant in grants]

    @router.post("/approvals/revoke")
    async def revoke(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """End what opens a requirement."""
        return event_data(
            await desk.actions.approvals.revoke(by, body.requirement, body.reason, body.channel, if_match)
        )

    @router.post("/prohibitions", status_code=201)
    async def prohibit(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """Never serve a project or a range of it."""
        return event_data(
            await desk.actions.exclusions.prohibit(by, body.requirement, body.reason, body.channel, if_match)
        )

    @router.get("/waivers")
    async def waivers(by: Actor = Depends(who)) -> list[Data]:
        """List the waivers, those that ended by themselves included."""
        demand(by, Permission.POLICY_READ)
        snapshot = await desk.live.current()
        return [waiver_data(waiver, desk.clock()) for found in snapshot.waivers.values() for waiver in found]

    @router.post("/waivers", status_code=201)
    async def waive(body: WaiverIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """Set one advisory aside for a range of a project, until a date."""
        return event_data(await desk.actions.exclusions.waive(by, **body.model_dump(), if_revision=if_match))

    @router.post("/waivers/end")
    async def end_waiver(body: WaiverEndIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """End a waiver before its time."""
        ended = desk.actions.exclusions.end_waiver(
            by, body.requirement, body.advisory, body.reason, body.channel, if_match
        )
        return event_data(await ended)

    @router.post("/prohibitions/lift")
    async def lift(body: RequirementIn, by: Actor = Depends(who), if_match: IfMatch = None) -> Data:
        """End the prohibitions of exactly this requirement."""
        return event_data(await desk.actions.exclusions.lift(by, body.requirement, body.reason, body.channel, if_match))

    return router
