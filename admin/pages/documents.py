"""The policy as a document: read, planned, applied.

Decided here:

* The page itself takes a fresh proof, so that nobody loses what they wrote when they apply it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from admin.actions import Proposed
from admin.pages.room import Room, seen_revision, show
from admin.roles import Forbidden
from admin.schemas.given_documents import MONTH
from admin.schemas.told_documents import AppliedOut, PlanOut, applied_data, document_data, plan_data
from proxy.errors import GateError
from proxy.forms import read_form
from proxy.model import Actor


async def page(room: Room, _request: Request, actor: Actor) -> Response:
    """Show the policy in force as a document."""
    document = document_data(await room.actions.documents.export())
    return _page(room, actor, str(document["document"]))


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Say what a document would change, or make it so, as the button says."""
    form = await read_form(request, 5)
    text, reason = str(form.get("document", "")), str(form.get("reason", ""))
    verb, seen = form.get("do"), seen_revision(form)
    verbs = room.actions.documents
    try:
        if verb == "apply":
            known = [str(code) for code in form.getlist("acknowledge")]
            applied = await verbs.apply(actor, text, reason, known, seen)
            return _page(room, actor, text, applied=applied_data(applied))
        plan = plan_data(await verbs.plan(actor, text, MONTH))
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return _page(room, actor, text, reason=reason, problem=str(error))
    return _page(room, actor, text, reason=reason, plan=plan)


def _page(
    room: Room,
    actor: Actor,
    text: str,
    *,
    reason: str = "",
    plan: PlanOut | None = None,
    applied: AppliedOut | None = None,
    problem: str = "",
) -> Response:
    facts = {"document": text, "reason": reason, "plan": plan, "applied": applied, "problem": problem}
    return show(room, "document.html", 422 if problem else 200, actor=actor, **facts)
