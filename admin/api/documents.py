"""Policy as code: exported, planned, applied, simulated."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, IfMatch, Who
from admin.roles import Permission, demand
from admin.schemas.given_documents import ApplyIn, DocumentIn
from admin.schemas.told_documents import AppliedOut, DocumentOut, PlanOut, applied_data, document_data, plan_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy as code"])

    @router.get("/policy/document")
    async def export(by: Actor = Depends(who)) -> DocumentOut:
        """Return the policy in force as a document (TOML)."""
        demand(by, Permission.POLICY_READ)
        return document_data(await desk.actions.documents.export())

    @router.post("/policy/plan")
    async def plan(body: DocumentIn, by: Actor = Depends(who)) -> PlanOut:
        """Say what a document would change, and what that opens or closes for recorded demand."""
        return plan_data(await desk.actions.documents.plan(by, body.document, body.since))

    @router.post("/policy/apply")
    async def apply(body: ApplyIn, by: Actor = Depends(who), if_match: IfMatch = None) -> AppliedOut:
        """Make the policy what a document says, as one change. If-Match counts before the document's own revision."""
        verbs = desk.actions.documents
        return applied_data(await verbs.apply(by, body.document, body.reason, body.acknowledge, if_match))

    @router.post("/simulate")
    async def simulate(body: DocumentIn, by: Actor = Depends(who)) -> PlanOut:
        """Replay recorded demand against a document, from what is kept here alone: who would break, what would open."""
        return plan_data(await desk.actions.documents.simulate(by, body.document, body.since))

    return router
