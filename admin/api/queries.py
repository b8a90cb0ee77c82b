"""Searches that were named."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException
from pydantic import ValidationError

from admin.api.desk import Desk, Who
from admin.api.paging import Paged
from admin.schemas.given_audit import DecisionQuery, EventQuery, QueryIn
from admin.schemas.told import EventOut, event_data
from admin.schemas.told_audit import QueryOut, query_data
from proxy.model import Actor


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])
    queries = desk.actions.queries

    @router.get("/audit/queries")
    async def listed(paging: Paged, by: Actor = Depends(who)) -> list[QueryOut]:
        """List the searches that one keeps or that somebody shares."""
        kept = paging.page(await queries.of(by), lambda query: (query.name, query.id))
        return [query_data(query, by.id) for query in kept]

    @router.post("/audit/queries")
    async def save(body: QueryIn, by: Actor = Depends(who)) -> QueryOut:
        """Keep a search under a name; one's own of that name is replaced."""
        _usable(body)
        return query_data(await queries.save(by, body.name, body.about, body.wanted, shared=body.shared), by.id)

    @router.delete("/audit/queries/{identity}")
    async def drop(identity: str, by: Actor = Depends(who)) -> EventOut:
        """Forget a search of one's own."""
        return event_data(await queries.drop(by, identity))

    return router


def _usable(body: QueryIn) -> None:
    """Refuse a search that could not be made."""
    kind = EventQuery if body.about == "events" else DecisionQuery
    unknown = body.wanted.keys() - (kind.model_fields.keys() - {"before", "after"})
    if unknown:
        raise HTTPException(422, f"There is no filter {', '.join(sorted(unknown))[:100]} for {body.about}.")
    try:
        kind.model_validate(body.wanted)
    except ValidationError as error:
        where = error.errors()[0]
        raise HTTPException(422, f"wanted.{where['loc'][0]}: {where['msg']}") from error
