"""What waits for a second person: shown whole, confirmed by the digest of what was shown, or rejected."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.room import Room, fields, listed, show
from admin.schemas.told_people import proposal_data
from proxy.model import Actor


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """List what waits, the oldest first."""
    terms = (await room.live.current()).terms
    waiting, following = listed(
        request,
        "proposals",
        await room.actions.proposals.waiting(),
        lambda proposal: (proposal.at.isoformat(), proposal.id),
    )
    shown = [proposal_data(proposal, terms) | {"mine": proposal.principal == actor.principal} for proposal in waiting]
    for proposal in shown:
        whole = {"detail": proposal["detail"], "entries": proposal["entries"], "ends": proposal["ends"]}
        proposal["whole"] = json.dumps(whole, indent=2, ensure_ascii=False)
    return show(room, "proposals.html", actor=actor, proposals=shown, following=following)


async def confirm(room: Room, request: Request, actor: Actor) -> Response:
    """Do it, as the second person."""
    identity, digest, known = await fields(request, "proposal", "digest", "acknowledge")
    await room.actions.proposals.confirm(actor, identity, digest, [known])
    return RedirectResponse("/admin/proposals", 303)


async def reject(room: Room, request: Request, actor: Actor) -> Response:
    """Do not do it."""
    identity, reason = await fields(request, "proposal", "reason")
    await room.actions.proposals.reject(actor, identity, reason)
    return RedirectResponse("/admin/proposals", 303)
