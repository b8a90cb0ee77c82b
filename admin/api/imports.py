"""Importing locks and SBOMs: what they pin is approved as one change."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from admin.api.desk import Data, Desk, IfMatch, Who
from admin.api.streams import NDJSON, Tell, answered
from admin.schemas.imports import ImportIn, ImportOut, import_data, step_data
from proxy.model import Actor

ANSWERS: dict[int | str, Data] = {201: {"model": ImportOut, "content": {NDJSON: {"schema": {"type": "string"}}}}}


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])

    @router.post("/imports", status_code=201, response_model=None, responses=ANSWERS)
    async def bring_in(
        request: Request, body: ImportIn, by: Actor = Depends(who), if_match: IfMatch = None
    ) -> ImportOut | StreamingResponse:
        """Approve what a lock, a requirements file or an SBOM pins, or show what that would do.

        If-Match takes a revision. With ``Accept: application/x-ndjson`` each project that was looked at is a line
        ``{"progress": …}``, and the last line is ``{"result": …}`` or ``{"problem": …}``.
        """
        reading = await asyncio.to_thread(body.reading)

        async def errand(tell: Tell) -> ImportOut:
            imported = await desk.actions.imports.bring_in(
                by,
                body.wish(),
                reading,
                lambda step: tell(step_data(step)),
                dry_run=body.dry_run,
                skip_faulty=body.skip_faulty,
                if_revision=if_match,
            )
            return import_data(imported, reading)

        return await answered(request, errand)

    return router
