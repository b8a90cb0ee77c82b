"""The record leaves the house: as a file that is streamed, and to the destinations that the operator named."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from admin.api.desk import LARGEST, Data, Desk, Who
from admin.api.paging import Paged
from admin.roles import Permission, demand
from admin.schemas.given import Later
from admin.schemas.given_audit import Chain
from admin.schemas.told_audit import StandingOut, standing_data
from proxy.model import Actor

TYPES = {"jsonl": "application/x-ndjson", "ocsf": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
SUFFIXES = {"jsonl": "jsonl", "ocsf": "ocsf.jsonl", "csv": "csv"}


ANSWERS: dict[int | str, Data] = {200: {"content": {kind: {"schema": {"type": "string"}} for kind in TYPES.values()}}}


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.get("/audit/export", response_class=StreamingResponse, responses=ANSWERS)
    async def export(
        by: Actor = Depends(who),
        chain: Chain = "events",
        form: Literal["jsonl", "csv", "ocsf"] = Query("jsonl", alias="format"),
        since: Later | None = None,
        until: Later | None = None,
        after: int = Query(0, ge=0, le=LARGEST, description="Take up again after this record."),
    ) -> StreamingResponse:
        """Stream the record, oldest first. That a copy was taken is an event."""
        pieces = await desk.actions.copies.take(by, chain, form, since, until, after)
        name = f'attachment; filename="wicketgate-{chain}.{SUFFIXES[form]}"'
        headers = {"content-disposition": name, "x-content-type-options": "nosniff", "cache-control": "no-store"}
        return StreamingResponse(pieces, media_type=TYPES[form], headers=headers)

    @router.get("/audit/destinations")
    async def destinations(paging: Paged, by: Actor = Depends(who)) -> list[StandingOut]:
        """List where the record is sent, and what each place has not taken yet."""
        demand(by, Permission.AUDIT_READ)
        kept = paging.page(await desk.keeper.standings(), lambda standing: (standing.destination, standing.format))
        return [standing_data(standing) for standing in kept]

    return router
