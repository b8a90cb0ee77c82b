"""What somebody asks for themselves, and what became of it."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.schemas.requests import OwnOut, RequestIn, own_data, waiting_data
from proxy.model import Actor, Ask
from proxy.policy.reporting import Lifetime


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["requests"])
    verbs = desk.actions.requests

    @router.get("/requests")
    async def own(paging: Paged, by: Actor = Depends(who)) -> list[OwnOut]:
        """List what one asked for with this account or token, the newest first, and what became of it."""
        kept = paging.page(await verbs.of(by), _place, newest_first=True)
        return [own_data(life) for life in kept]

    @router.post("/requests", status_code=201)
    async def ask(body: RequestIn, by: Actor = Depends(who)) -> OwnOut:
        """Ask the security team for a project, or a range of it."""
        return waiting_data(await verbs.ask(by, body.requirement, body.why, body.channel))

    return router


def _place(life: Lifetime) -> tuple[str, ...]:
    assert isinstance(life.entry, Ask)  # noqa: S101  chosen by kind
    return life.put_at.isoformat(), life.entry.id
