"""The inbox: what waits, what comes first at the top; many decided at once.

Decided here:

* A box names a requirement whole, as a query text: requirement, project, channel and what is acknowledged.
* Approving is two steps, as everywhere: first what each would open, then the button.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Proposed, Wish
from admin.pages.room import Room, seen_revision, show
from admin.roles import Forbidden
from admin.schemas.inbox import inbox_data
from admin.schemas.told_acts import foreseen_data, outcome_data
from proxy.errors import GateError, RevisionConflict
from proxy.forms import Form, read_form
from proxy.model import Actor

LINES = 100
FIELDS_AT_MOST = LINES + 10


async def inbox(room: Room, request: Request, actor: Actor) -> Response:
    """Show what waits, page by page."""
    return await _page(room, actor, request.query_params.get("after", ""))


async def decide(room: Room, request: Request, actor: Actor) -> Response:
    """Show what approving would open, approve, or decline what was ticked, as the button says."""
    form = await read_form(request, FIELDS_AT_MOST)
    ticked, reason = [str(text) for text in form.getlist("pick")], str(form.get("reason", ""))
    verb, seen = form.get("do"), seen_revision(form)
    after = _text(form, "after")
    try:
        if verb == "decline":
            projects = list(dict.fromkeys(_field(text, "project") for text in ticked))
            await room.actions.inbox.decline(actor, projects, reason)
            return RedirectResponse("/admin/inbox", 303)
        known = tuple(str(code) for code in form.getlist("acknowledge"))
        wishes = [_wish(text, reason, known) for text in ticked]
        if verb == "grant":
            granted = await room.actions.approvals.approve_all(actor, wishes, if_revision=seen)
            facts = {"outcomes": [outcome_data(outcome) for outcome in granted], "stopped": []}
            return show(room, "many.html", actor=actor, many=facts, ticked=[], reason=reason, problem="")
        return await _foreseen(room, actor, wishes, reason)
    except (Proposed, Forbidden):
        raise
    except RevisionConflict as error:
        return await _foreseen(room, actor, wishes, reason, str(error))
    except GateError as error:
        return await _page(room, actor, after, ticked, reason, str(error))


async def _page(
    room: Room, actor: Actor, after: str, ticked: Sequence[str] = (), reason: str = "", problem: str = ""
) -> Response:
    found = await room.actions.inbox.waiting(actor, after, LINES)
    return show(
        room,
        "inbox.html",
        422 if problem else 200,
        actor=actor,
        inbox=inbox_data(found, room.clock()),
        approved=len(found.snapshot.grants),
        after=after,
        ticked=ticked,
        reason=reason,
        problem=problem,
    )


async def _foreseen(room: Room, actor: Actor, wishes: Sequence[Wish], reason: str, problem: str = "") -> Response:
    foreseen = await room.actions.approvals.foresee_all(actor, wishes)
    ready, many, status = [wish for wish, _ in foreseen.outcomes], foreseen_data(foreseen), 412 if problem else 200
    return show(room, "many.html", status, actor=actor, many=many, ticked=ready, reason=reason, problem=problem)


def _wish(ticked: str, reason: str, known: tuple[str, ...]) -> Wish:
    acknowledged = (*parse_qs(ticked).get("acknowledge", ()), *known)
    channel = _field(ticked, "channel")
    return Wish(_field(ticked, "requirement"), reason, channel=channel, acknowledge=acknowledged)


def _field(ticked: str, name: str) -> str:
    return parse_qs(ticked).get(name, [""])[0]


def _text(form: Form, name: str) -> str:
    return str(form.get(name, ""))[:300]
