"""The approver's desk: an approval with its consequences before the button, alone or with what it needs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import NeedsAcknowledgement, Proposed, Wish
from admin.closure import combinations
from admin.pages.room import Room, seen_revision, show
from admin.roles import Forbidden
from admin.schemas.told_acts import OutcomeOut, outcome_data
from proxy.errors import GateError, RevisionConflict
from proxy.forms import Form, read_form
from proxy.model import Actor

NOTHING = {"pythons": "", "platforms": ""}


async def approve_page(room: Room, request: Request, actor: Actor) -> Response:
    """Show the empty form of an approval."""
    asked = request.query_params
    wish = Wish(asked.get("requirement", ""), "", channel=asked.get("channel", ""))
    return _page(room, actor, wish, NOTHING)


async def approve(room: Room, request: Request, actor: Actor) -> Response:
    """Show what an approval would do, grant it, or find what it needs, as the button says."""
    form = await read_form(request, 20)
    wish = _wish(form)
    targets = {name: str(form.get(name, ""))[:200] for name in NOTHING}
    verb = form.get("do")
    seen = seen_revision(form)
    outcome, grant = None, verb == "grant"
    try:
        if verb == "closure":
            begun = await room.actions.closures.start(
                actor, wish, combinations(*(words.split()[:8] for words in targets.values()))
            )
            return RedirectResponse(f"/admin/closures/{begun.id}", 303)
        outcome = await room.actions.approvals.approve(
            actor, wish, dry_run=not grant, if_revision=seen if grant else None
        )
    except (Proposed, Forbidden):
        raise
    except NeedsAcknowledgement as error:
        return _page(room, actor, wish, targets, needs=error.say, problem=error.finding.sentence)
    except RevisionConflict as error:
        shown = outcome_data(await room.actions.approvals.approve(actor, wish, dry_run=True))
        return _page(room, actor, wish, targets, status=412, outcome=shown, problem=str(error))
    except GateError as error:
        return _page(room, actor, wish, targets, status=422, problem=str(error))
    return _page(room, actor, wish, targets, outcome=outcome_data(outcome))


def _page(
    room: Room,
    actor: Actor,
    wish: Wish,
    targets: dict[str, str],
    *,
    status: int = 200,
    outcome: OutcomeOut | None = None,
    needs: str | None = None,
    problem: str = "",
) -> Response:
    facts = {"wish": wish, "targets": targets, "outcome": outcome, "needs": needs, "problem": problem}
    return show(room, "approve.html", status, actor=actor, **facts)


def _wish(form: Form) -> Wish:
    return Wish(
        requirement=str(form.get("requirement", "")),
        reason=str(form.get("reason", "")),
        standing="standing" in form,
        prereleases="prereleases" in form,
        sdists="sdists" in form,
        acknowledge=tuple(str(code) for code in form.getlist("acknowledge")),
        ticket=str(form.get("ticket", ""))[:200],
        channel=str(form.get("channel", ""))[:40],
    )
