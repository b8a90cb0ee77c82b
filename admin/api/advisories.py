"""Advisory data: how old it is, fetched now, or imported from an upload."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fastapi import APIRouter, Depends, Query, Request

from admin.api.desk import UPLOAD_AT_MOST, Data, Desk, Who
from admin.roles import Permission, demand
from admin.schemas.told_feed import StatusOut, TakenOut
from proxy.errors import FeedRefused
from proxy.model import Actor
from proxy.policy import explaining

ZIP = {
    "schema": {
        "type": "string",
        "contentMediaType": "application/zip",
        "description": "A zip of OSV records, one JSON file each, as OSV exports an ecosystem.",
    }
}


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["advisories"])

    @router.get("/advisories/status")
    async def status(by: Actor = Depends(who)) -> StatusOut:
        """Return how much advisory data there is, how old it is, and how far an import is that is under way."""
        demand(by, Permission.POLICY_READ)
        data = explaining.feed_data(await desk.live.current(), desk.clock())
        return {**data, "importing": desk.sync.progress.data()}

    @router.post("/advisories/sync", response_model=TakenOut)
    async def sync(by: Actor = Depends(who)) -> Data:
        """Fetch the configured source now."""
        demand(by, Permission.FEED_WRITE)
        return await desk.sync.sync(by)

    @router.post(
        "/advisories/import",
        response_model=TakenOut,
        openapi_extra={"requestBody": {"required": True, "content": {"application/zip": ZIP}}},
    )
    async def take(
        request: Request,
        by: Actor = Depends(who),
        source: str = Query("an upload", max_length=200),
        allow_shrink: bool = False,
    ) -> Data:
        """Import OSV records from an uploaded zip (OSV's export format)."""
        demand(by, Permission.FEED_WRITE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload.zip"
            await _receive(request, path)
            return await desk.sync.take(path, source, by, allow_shrink=allow_shrink)

    return router


async def _receive(request: Request, path: Path) -> None:
    """Write the body to a file, up to the limit."""
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > UPLOAD_AT_MOST:
                raise FeedRefused(f"The upload is larger than {UPLOAD_AT_MOST >> 20} MiB.")
            file.write(piece)
