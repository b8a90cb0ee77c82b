"""The record, searched: what was changed, what was handed out or refused, and one change with what it replaced.

Decided here:

* A search is its address: it can be sent to somebody, gone back to, and kept under a name.
* Days are those of UTC, as everything in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Unknown, Unusable
from admin.pages.room import Room, checked, number, query_text, show
from admin.schemas.given_audit import Chain, DecisionQuery, EventQuery, QueryIn
from admin.schemas.told import DecisionOut, EventOut, decision_data, event_data
from admin.schemas.told_audit import Ends, ends, query_data, told_data
from proxy.forms import read_form
from proxy.model import Actor

FIELDS_AT_MOST = 20
LINES = 50
WANTED: Mapping[Chain, tuple[str, ...]] = {
    "events": ("text", "tag", "actor", "project", "client", "channel", "sha256", "since", "until"),
    "decisions": (
        *("text", "project", "version", "verdict", "what", "code"),
        *("client", "token", "channel", "sha256", "since", "until"),
    ),
}
"""What may be searched for, in the order of the form."""
DAY = 10
"""Letters of a day as a browser says it: 2027-01-31."""


async def events(room: Room, request: Request, actor: Actor) -> Response:
    """Search what was changed, newest first."""
    return await _page(room, actor, "events", _given(request, "events"), _place(request))


async def decisions(room: Room, request: Request, actor: Actor) -> Response:
    """Search what was handed out or refused, newest first."""
    return await _page(room, actor, "decisions", _given(request, "decisions"), _place(request))


async def event(room: Room, request: Request, actor: Actor) -> Response:
    """Show one change, with every entry before and after it."""
    seq = number(request.path_params["seq"])
    told = await asyncio.to_thread(room.store.trail.told, seq) if seq else None
    if told is None:
        raise Unknown("There is no such event in the record.")
    return show(room, "event.html", actor=actor, event=told_data(told))


async def keep(room: Room, request: Request, actor: Actor) -> Response:
    """Keep a search under a name, or forget one, as the button says."""
    form = await read_form(request, FIELDS_AT_MOST)
    said = {name: value[:300] for name, value in form.items()}
    queries = room.actions.queries
    if said.get("do") == "drop":
        await queries.drop(actor, said.get("id", ""))
        return RedirectResponse("/admin/audit", 303)
    about: Chain = "decisions" if said.get("about") == "decisions" else "events"
    wanted = {name: said[name] for name in WANTED[about] if said.get(name)}
    _query(about, wanted, {})  # what could not be searched for is not kept
    body = checked(
        QueryIn, {"name": said.get("name", ""), "about": about, "wanted": wanted, "shared": "shared" in said}
    )
    await queries.save(actor, body.name, body.about, body.wanted, shared=body.shared)
    return RedirectResponse(_address(about, wanted), 303)


async def _page(
    room: Room, actor: Actor, about: Chain, given: dict[str, str], place: dict[str, int | None]
) -> Response:
    problem, status, ended = "", 200, Ends(next=None, previous=None)
    found: list[EventOut] | list[DecisionOut] = []
    try:
        query = _query(about, given, place)
        found = await _found(room, query)
        ended = ends(found, LINES, upwards=place["after"] is not None)
    except Unusable as error:
        problem, status = str(error), 422
    kept = [query_data(query, actor.id) for query in await room.actions.queries.of(actor)]
    return show(
        room,
        "audit.html",
        status,
        actor=actor,
        about=about,
        wanted=WANTED[about],
        given=given,
        found=found,
        ends=ended,
        newest=place["before"] is None and place["after"] is None,
        queries=[
            (query, _address("decisions" if query["about"] == "decisions" else "events", query["wanted"]))
            for query in kept
        ],
        problem=problem,
    )


async def _found(room: Room, query: EventQuery | DecisionQuery) -> list[EventOut] | list[DecisionOut]:
    if isinstance(query, EventQuery):
        return [event_data(event) for event in await asyncio.to_thread(room.store.events, query.wanted())]
    return [decision_data(record) for record in await asyncio.to_thread(room.store.decisions, query.wanted())]


def _given(request: Request, about: Chain) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip()[:300] for name in WANTED[about]}


def _place(request: Request) -> dict[str, int | None]:
    return {name: number(request.query_params.get(name, "")) for name in ("before", "after")}


def _query(about: Chain, given: Mapping[str, str], place: Mapping[str, int | None]) -> EventQuery | DecisionQuery:
    """Return a search as the API takes it. Raises Unusable."""
    times = {
        name: f"{text}T00:00:00Z" for name, text in given.items() if name in {"since", "until"} and len(text) == DAY
    }
    wanted = {**given, **times, **{name: seq for name, seq in place.items() if seq is not None}, "limit": LINES}
    return checked(EventQuery, wanted) if about == "events" else checked(DecisionQuery, wanted)


def _address(about: Chain, wanted: Mapping[str, str]) -> str:
    path = "/admin/audit" if about == "events" else "/admin/audit/decisions"
    return f"{path}?{query_text(**wanted)}" if wanted else path
