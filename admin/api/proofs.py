"""What shows to somebody who need not trust the gate that the record is what it was."""

from __future__ import annotations

import asyncio
import base64

from fastapi import APIRouter, Depends, HTTPException, Query

from admin.api.desk import LARGEST, Desk, Who
from admin.api.paging import Leading, Paged
from admin.roles import Permission, demand
from admin.schemas.given_audit import Chain
from admin.schemas.told_audit import (
    CheckpointsOut,
    ConsistencyOut,
    KeysOut,
    NewestOut,
    ProofOut,
    SegmentOut,
    sealed_data,
    segment_data,
)
from proxy.model import Actor
from proxy.store.trail import CHAINS


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])
    trail, sealer = desk.store.trail, desk.keeper.sealer

    @router.get("/audit/key")
    async def key(by: Actor = Depends(who)) -> KeysOut:
        """Return the public key as verifier keys (c2sp.org/signed-note), one line a chain."""
        demand(by, Permission.AUDIT_READ)
        await sealer.start()
        return {"keys": sealer.signer.verifiers}

    @router.get("/audit/checkpoints")
    async def checkpoints(
        lead: Leading,
        by: Actor = Depends(who),
        after: int = Query(0, ge=0, le=LARGEST),
        limit: int = Query(1000, ge=1, le=1000),
    ) -> CheckpointsOut:
        """List signed checkpoints in the order they were made, from after an id."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(trail.sealed, after, limit)
        following = found[-1].id if len(found) == limit else None
        lead.on(after=following)
        return {"checkpoints": [sealed_data(sealed) for sealed in found], "next": following}

    @router.post("/audit/checkpoints")
    async def seal(by: Actor = Depends(who)) -> NewestOut:
        """Seal what is not sealed yet, and return the newest checkpoint of each chain."""
        demand(by, Permission.AUDIT_READ)
        await sealer.seal_all()
        latest = [await asyncio.to_thread(trail.latest, chain) for chain in CHAINS]
        return {"checkpoints": [sealed_data(sealed) for sealed in latest if sealed]}

    @router.get("/audit/proof")
    async def proof(
        by: Actor = Depends(who),
        chain: Chain = "events",
        seq: int = Query(ge=1, le=LARGEST),
        size: int | None = Query(None, ge=1, le=LARGEST),
    ) -> ProofOut:
        """Return what shows that a record is in a checkpoint (c2sp.org/tlog-proof)."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(trail.prove, chain, seq, size)
        if found is None and size is None:
            await sealer.seal(chain)
            found = await asyncio.to_thread(trail.prove, chain, seq)
        if found is None:
            over = f" and no checkpoint over {size} records" if size else ""
            raise HTTPException(404, f"There is no record {seq}{over} in {chain}, or its archive is not at hand.")
        return {"proof": found.text}

    @router.get("/audit/consistency")
    async def consistency(
        by: Actor = Depends(who),
        chain: Chain = "events",
        old: int = Query(ge=1, le=LARGEST),
        new: int = Query(ge=1, le=LARGEST),
    ) -> ConsistencyOut:
        """Return what shows that the first ``new`` records begin with the first ``old`` ones (RFC 6962)."""
        demand(by, Permission.AUDIT_READ)
        path = await asyncio.to_thread(trail.consistency, chain, old, new)
        if path is None:
            raise HTTPException(404, f"The {chain} do not reach from {old} to {new}, or their archive is not at hand.")
        return {"hashes": [base64.b64encode(step).decode() for step in path]}

    @router.get("/audit/segments")
    async def segments(paging: Paged, by: Actor = Depends(who)) -> list[SegmentOut]:
        """List what was archived, oldest first."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(trail.segments)
        return [segment_data(segment) for segment in paging.page(found, lambda segment: (f"{segment.first:020d}",))]

    return router
