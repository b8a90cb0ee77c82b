"""The approved set as constraints, ``pylock.toml`` or CycloneDX."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from admin.api.desk import Data, Desk, Who
from proxy.locks.writers import ExportFormat
from proxy.locks.writers.formats import FORMATS
from proxy.model import Actor


def _shape(media_type: str) -> Data:
    return {"type": "object" if "json" in media_type else "string"}


ANSWERS: dict[int | str, Data] = {
    200: {"content": {kind.media_type: {"schema": _shape(kind.media_type)} for kind in FORMATS.values()}}
}


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["policy"])

    @router.get("/export", response_class=Response, responses=ANSWERS)
    async def export(
        by: Actor = Depends(who),
        wanted: ExportFormat = Query("constraints", alias="format"),
        channel: str = Query("", max_length=40),
    ) -> Response:
        """Return what is approved and served now; constraints and pylock with the newest version of each project."""
        approved = await desk.actions.exports.approved(by, channel)
        kind = FORMATS[wanted]
        headers = {
            "content-disposition": f'attachment; filename="{kind.filename}"',
            "x-wicketgate-revision": str(approved.revision),
            "cache-control": "no-store",
        }
        return Response(await asyncio.to_thread(kind.write, approved), media_type=kind.media_type, headers=headers)

    return router
