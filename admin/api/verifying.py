"""Whether the record is intact."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends, HTTPException

from admin.api.desk import Desk, Who
from admin.roles import Permission, demand
from admin.schemas.given_audit import VerifyIn
from admin.schemas.told_audit import VerifiedOut
from proxy.model import Actor
from proxy.policy import notes
from proxy.policy.notes import BadNote, Checkpoint

FLAWS_TOLD = 100


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.post("/audit/verify")
    async def verify(body: VerifyIn, by: Actor = Depends(who)) -> VerifiedOut:
        """Check that nothing in the record was altered, also against checkpoints kept elsewhere; name every flaw."""
        demand(by, Permission.AUDIT_READ)
        trail, sealer = desk.store.trail, desk.keeper.sealer
        await sealer.start()
        trust = sealer.trust()
        kept = _read(body.checkpoints, trail.instance)
        flaws = await asyncio.to_thread(lambda: list(desk.store.verify(trust, kept)))
        return {
            "intact": not flaws,
            "flaws": [{"seq": flaw.seq, "problem": flaw.problem} for flaw in flaws[:FLAWS_TOLD]],
            "events": await asyncio.to_thread(trail.last, "events"),
            "decisions": await asyncio.to_thread(trail.last, "decisions"),
        }

    return router


def _read(text: str, instance: str) -> list[Checkpoint]:
    """Return the checkpoints of a file; who signed them is for those to check who kept them."""
    try:
        found = [notes.parse(note)[0] for note in notes.split(text)] if text.strip() else []
    except BadNote as error:
        raise HTTPException(422, str(error)) from error
    for each in found:
        if each.origin not in {notes.origin_of(instance, chain) for chain in notes.CHAINS}:
            raise HTTPException(422, f"That checkpoint is of another log: {each.origin[:200]}")
    return found
