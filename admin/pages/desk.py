"""The approver's desk: the inbox, an approval with its consequences before the button, a wish declined."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import NeedsAcknowledgement, Wish
from admin.pages.room import Room, number, show
from admin.roles import Permission, demand
from admin.schemas.told import ask_data, demand_data, outcome_data
from proxy.errors import GateError, RevisionConflict
from proxy.model import Actor, Ask
from proxy.policy import explaining


async def inbox(room: Room, _request: Request, actor: Actor) -> Response:
    """Show who asked for what, what was refused in the last seven days, and how old the advisories are."""
    demand(actor, Permission.INBOX_READ)
    asks = await asyncio.to_thread(room.store.entries, "ask")
    refused = await asyncio.to_thread(room.store.demand, room.clock() - timedelta(days=7))
    snapshot = await room.live.current()
    return show(
        "inbox.html",
        actor=actor,
        asks=[ask_data(ask) for ask in asks if isinstance(ask, Ask)],
        refused=[demand_data(line) for line in refused],
        feed=explaining.feed_data(snapshot.feed, room.clock()),
        approved=len(snapshot.grants),
    )


async def approve_page(_room: Room, request: Request, actor: Actor) -> Response:
    """Show the empty form of an approval."""
    demand(actor, Permission.POLICY_APPROVE)
    requirement = request.query_params.get("requirement", "")
    return show("approve.html", actor=actor, wish=Wish(requirement, ""), outcome=None, needs=None, problem="")


async def approve(room: Room, request: Request, actor: Actor) -> Response:
    """Show what an approval would do; grant it when the second button was pressed."""
    async with request.form(max_files=0, max_fields=20) as form:
        wish = Wish(
            requirement=str(form.get("requirement", "")),
            reason=str(form.get("reason", "")),
            standing="standing" in form,
            prereleases="prereleases" in form,
            sdists="sdists" in form,
            acknowledge=tuple(str(code) for code in form.getlist("acknowledge")),
            ticket=str(form.get("ticket", ""))[:200],
        )
        grant = form.get("do") == "grant"
        seen = str(form.get("revision", ""))
    revision = number(seen) if grant else None
    outcome, needs, problem, status = None, None, "", 200
    try:
        outcome = outcome_data(
            await room.actions.approvals.approve(actor, wish, dry_run=not grant, if_revision=revision)
        )
    except NeedsAcknowledgement as error:
        needs, problem = error.say, str(error.finding.sentence)
    except RevisionConflict as error:
        problem, status = str(error), 412
        outcome = outcome_data(await room.actions.approvals.approve(actor, wish, dry_run=True))
    except GateError as error:
        problem, status = str(error), 422
    return show("approve.html", status, actor=actor, wish=wish, outcome=outcome, needs=needs, problem=problem)


async def decline(room: Room, request: Request, actor: Actor) -> Response:
    """Take the wishes for a project out of the inbox."""
    async with request.form(max_files=0, max_fields=4) as form:
        project, reason = str(form.get("project", "")), str(form.get("reason", ""))
    await room.actions.inbox.decline(actor, project, reason)
    return RedirectResponse("/admin/", 303)
