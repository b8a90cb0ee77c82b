"""The policy as a document: exported, planned, applied, and simulated against what was asked for.

Decided here:

* Applying needs every permission that what changes needs: the author of a document is no more than the sum of what
  they may do one by one. Seeing what a document would do to others needs to be allowed to see who got what.
* All of a document or nothing: one change, one event, one revision.
* A document that changes nothing is done already, whatever revision it was exported at.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from admin.actions.granting import admitted, answered
from admin.actions.hands import Hands, seen
from admin.actions.replaying import Replaying
from admin.actions.resemblances import acknowledged, unread
from admin.actions.resolving import Look, Resolved, Resolving
from admin.actions.wishes import said
from admin.roles import Permission, demand
from proxy.errors import RevisionConflict
from proxy.model import Acknowledgement, Actor, Approval, Ask, AuditEvent, Change, LateFile
from proxy.policy import changes
from proxy.policy.document.applying import Hand, change
from proxy.policy.document.comparing import Step, compare, laid_over, loose
from proxy.policy.document.entries import ApprovalEntry, Document
from proxy.policy.document.exporting import export
from proxy.policy.document.reading import read, refused
from proxy.policy.replay import Replay
from proxy.policy.snapshot import PolicySnapshot

ROUNDS = 3
"""How often a document is looked at again because the policy moved under it (an origin was learnt, say)."""

_NEEDS = {
    "term": Permission.TERMS_WRITE,
    "channels": Permission.TERMS_WRITE,
    "approvals": Permission.POLICY_APPROVE,
    "prohibitions": Permission.POLICY_PROHIBIT,
    "waivers": Permission.POLICY_WAIVE,
    "origins": Permission.ORIGINS_WRITE,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a document would do: its steps, what they need, what recorded demand would see of it, what is not known.

    ``stale`` is the revision that the document was exported at, where that is no longer the one in force.
    """

    revision: int
    steps: tuple[Step, ...]
    approvals: dict[ApprovalEntry, Approval]
    needs: tuple[Permission, ...]
    replay: Replay
    notes: tuple[str, ...] = ()
    stale: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a document did: nothing (no event), or its steps in one change."""

    revision: int
    steps: tuple[Step, ...]
    approvals: dict[ApprovalEntry, Approval]
    event: AuditEvent | None = None


@dataclass(frozen=True, slots=True)
class _Compared:
    text: str
    document: Document
    snapshot: PolicySnapshot
    wanted: Document
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Documents:
    """The verbs of policy as code."""

    hands: Hands
    resolving: Resolving
    replaying: Replaying

    async def export(self) -> Document:
        """Return the policy in force."""
        return await asyncio.to_thread(export, await self.hands.live.current())

    async def plan(self, actor: Actor, text: str, since: timedelta) -> Plan:
        """Say what a document would do, having looked at the upstream for what it adds. Changes nothing.

        Raises Forbidden, DocumentRefused, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.AUDIT_READ)
        compared, resolved = await self._resolved(actor, await self._compared(text), self.resolving.upstream)
        return await self._plan(actor, compared, resolved, since)

    async def simulate(self, actor: Actor, text: str, since: timedelta) -> Plan:
        """Say what a document would do to recorded demand, from what is kept here alone.

        Raises Forbidden, DocumentRefused, StoreError.
        """
        demand(actor, Permission.AUDIT_READ)
        compared = await self._compared(text)
        hand = self._hand(actor)
        resolved = await self.resolving.approvals(compared.snapshot, compared.steps, hand, self.resolving.at_hand)
        notes = refused(resolved.faults, text).faults
        return replace(await self._plan(actor, compared, resolved, since), notes=tuple(notes))

    async def apply(
        self,
        actor: Actor,
        text: str,
        reason: str,
        acknowledge: Collection[str] = (),
        if_revision: int | None = None,
    ) -> Applied:
        """Make the policy what a document says, as one change.

        Raises Forbidden, NeedsAcknowledgement, Unusable, DocumentRefused, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_READ)
        compared = await self._compared(text)
        _may(actor, compared.steps)
        said(reason)
        if not compared.steps:
            return Applied(compared.snapshot.revision, (), {})
        wanted = compared.document.revision if if_revision is None else if_revision
        if wanted not in {None, compared.snapshot.revision}:
            raise RevisionConflict(wanted or 0, compared.snapshot.revision)
        compared, resolved = await self._resolved(actor, compared, self.resolving.upstream)
        _may(actor, compared.steps)
        foreseen = await self._change(actor, compared, resolved, "-")
        pinned = await self._pinned(resolved, changes.apply(compared.snapshot, foreseen))
        made = await self._change(actor, compared, pinned, said(reason))
        event = await self.hands.commit(made, actor, seen(compared.snapshot, wanted), aware=acknowledge)
        return Applied(event.revision, compared.steps, pinned.approvals, event)

    async def _compared(self, text: str) -> _Compared:
        """Read a document and compare it with the policy in force. Raises DocumentRefused."""
        snapshot = await self.hands.live.names_known()
        return await asyncio.to_thread(_compared, text, snapshot)

    async def _resolved(self, actor: Actor, compared: _Compared, look: Look) -> tuple[_Compared, Resolved]:
        """Look at everything that a document adds, until the policy stood still meanwhile. Raises DocumentRefused."""
        for _ in range(ROUNDS):
            snapshot, steps, at = compared.snapshot, compared.steps, self.hands.clock()
            resolved = await self.resolving.approvals(snapshot, steps, self._hand(actor), look)
            resolved.faults += await self.resolving.claims(snapshot, steps, len(compared.wanted.channels), at)
            moved = (await self.hands.live.current()).revision != snapshot.revision
            if not moved:
                made = await self._change(actor, compared, resolved, "-")
                await self.resolving.meet(resolved, snapshot, changes.apply(snapshot, made), at)
                if resolved.faults:
                    raise refused(resolved.faults, compared.text)
                return compared, resolved
            compared = await self._compared(compared.text)
        raise RevisionConflict(snapshot.revision, compared.snapshot.revision)

    async def _change(self, actor: Actor, compared: _Compared, resolved: Resolved, reason: str) -> Change:
        """Return the one change, with the wishes that it answers and the late files that it admits."""
        granted = list(resolved.approvals.values())
        waiting = await asyncio.to_thread(self.hands.asks, *(approval.project for approval in granted))
        late = await asyncio.to_thread(self.hands.late)
        settled: list[Ask | LateFile] = [*admitted(late, granted)]
        settled += [ask for approval in granted for ask in answered(waiting, approval)]
        hand, before = self._hand(actor), compared.snapshot
        made = change(before, compared.wanted, compared.steps, resolved.approvals, hand, reason, settled)
        known = {entry.id: entry for entry in (*_met(granted, before, made, hand.at), *resolved.met)}
        detail = {**made.detail, "unread": resolved.unread} if resolved.unread else made.detail
        return replace(made, puts=(*made.puts, *known.values()), detail=detail)

    async def _pinned(self, resolved: Resolved, after: PolicySnapshot) -> Resolved:
        """Pin what is known of the files that were frozen, as every approval does, by the terms that there will be."""
        pinned = {}
        for entry, approval in resolved.approvals.items():
            terms = after.seen_in(approval.channel).terms
            pinned[entry] = replace(approval, files=await self.hands.gateway.pinned(approval, terms))
        return replace(resolved, approvals=pinned)

    async def _plan(self, actor: Actor, compared: _Compared, resolved: Resolved, since: timedelta) -> Plan:
        snapshot, document = compared.snapshot, compared.document
        made = await self._change(actor, compared, resolved, "-")
        replayed = await self.replaying.replay(snapshot, changes.apply(snapshot, made), since)
        stale = document.revision if document.revision not in {None, snapshot.revision} else None
        needs = tuple(sorted(_needs(compared.steps)))
        notes = tuple(unread(project, count) for project, count in sorted(resolved.unread.items()))
        return Plan(snapshot.revision, compared.steps, resolved.approvals, needs, replayed, notes, stale)

    def _hand(self, actor: Actor) -> Hand:
        return Hand(actor.name, actor.principal, self.hands.clock(), lambda kind: f"{kind}:{secrets.token_hex(8)}")


def _compared(text: str, snapshot: PolicySnapshot) -> _Compared:
    document, current = read(text), export(snapshot)
    wanted = laid_over(current, document)
    faults = list(loose(wanted))
    if faults:
        raise refused(faults, text)
    return _Compared(text, document, snapshot, wanted, tuple(compare(current, wanted)))


def _met(
    approvals: Iterable[Approval], before: PolicySnapshot, made: Change, at: datetime
) -> Iterator[Acknowledgement]:
    """Yield the look-alikes that approvals of a document acknowledge, as the policy is and as it would be."""
    after = changes.apply(before, made)
    for approval in approvals:
        yield from acknowledged(approval, [policy.seen_in(approval.channel) for policy in (before, after)], at)


def _needs(steps: Iterable[Step]) -> set[Permission]:
    return {_NEEDS[step.kind] for step in steps}


def _may(actor: Actor, steps: Iterable[Step]) -> None:
    """Raise Forbidden unless the actor holds every permission that the steps need."""
    for permission in sorted(_needs(steps)):
        demand(actor, permission)
