"""What every verb works with: the store, the policy in force, the gateway and the clock.

Decided here:

* A change is in force when the verb that made it returns. One that takes a second person is not made: it is kept as
  a proposal, and :class:`Proposed` says so. No verb has to think of it.
* A proposal is a person's, with an account. Only while fewer than two people can decide does a token of the gate's own
  host stand in for one: else a second could never be invited again.
* A reviewer's page is never asked for by an internal name.
* What opens something while news may have been missed (:mod:`proxy.policy.outdated`) is made only by who is ``aware``:
  names the state of the data. Of two people it is the second, who makes it so.
* What was worked out from the policy is committed at the revision it was read at, or at the one that the caller had
  seen: of two people at once the second is told, and overwrites nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.utils import NormalizedName

from admin.actions.wishes import NeedsAcknowledgement, Proposed, Unusable
from admin.roles import demand_person
from proxy.channels import ChannelPolicy
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Actor, Ask, AuditEvent, Change, LateFile, ProjectPage, Proposal
from proxy.policy import changes, changes_people, outdated, second_person
from proxy.policy.late import waits
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.terms import Turn, turns
from proxy.store import Store, proposed

PROPOSED_FOR = timedelta(days=7)
PROPOSALS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """A change of the terms, the approved files that it withholds or opens, and its event where it was made."""

    change: Change
    turns: tuple[Turn, ...]
    event: AuditEvent | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """The collaborators of the verbs, and what several verbs do with them."""

    store: Store
    live: Live
    gateway: Gateway
    clock: Callable[[], datetime]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Changes are weighed and made one after the other: two at once might each leave enough people, and both none."""

    async def commit(
        self, change: Change, actor: Actor, if_revision: int | None = None, *, aware: Collection[str] = ()
    ) -> AuditEvent:
        """Commit and have the new policy in force before returning, or propose what one person alone cannot do.

        Raises Forbidden, NeedsAcknowledgement, Proposed, Unusable, RevisionConflict, StoreError.
        """
        async with self.turn:
            return await self._commit(change, actor, if_revision, aware)

    async def _commit(
        self, change: Change, actor: Actor, if_revision: int | None, aware: Collection[str]
    ) -> AuditEvent:
        before, known = await self.live.current(), self.live.credentials
        if second_person.asks_more(change, before) and known.deciders() < second_person.PEOPLE_AT_LEAST:
            raise Unusable(
                "There are not two people here yet, so nobody could confirm, or undo this. Invite a second one first: "
                "wicketgate account invite NAME --role approver"
            )
        words = second_person.needed(change, before, known, host=actor.is_host)
        if words:
            if actor.owner or known.deciders() >= second_person.PEOPLE_AT_LEAST:
                demand_person(actor)
            raise Proposed(await asyncio.to_thread(self._propose, change, words, actor, if_revision))
        return await self.enact(change, actor, if_revision, aware=aware)

    async def enact(
        self, change: Change, actor: Actor, if_revision: int | None = None, *, aware: Collection[str] = ()
    ) -> AuditEvent:
        """Commit what needs nobody else, or has been confirmed.

        Raises NeedsAcknowledgement, RevisionConflict, StoreError.
        """
        at = self.clock()
        missed = outdated.missed(change, await self.live.current(), at)
        if missed is not None:
            if missed.code not in aware:
                raise NeedsAcknowledgement(missed, missed.code)
            change = outdated.acknowledged(change, missed)
        event = await asyncio.to_thread(self.store.commit, change, actor, at, if_revision=if_revision)
        await self.live.current()
        return event

    def proposals(self) -> list[Proposal]:
        """Return what waits for a second person, the oldest first. Raises StoreError."""
        at = self.clock()
        return [p for p in self.store.entries("proposal") if isinstance(p, Proposal) and at < p.until]

    def _propose(self, change: Change, words: tuple[str, ...], actor: Actor, if_revision: int | None) -> Proposal:
        kept = [entry for entry in self.store.entries("proposal") if isinstance(entry, Proposal)]
        at = self.clock()
        if sum(at < proposal.until for proposal in kept) >= PROPOSALS_AT_MOST:
            raise Unusable(
                "Too much waits for a second person. Confirm or reject some of it: wicketgate proposals list"
            )
        puts, detail, digest = proposed.packed(change)
        proposal = Proposal(
            id=f"proposal:{secrets.token_hex(8)}", tag=change.tag, project=change.project, reason=change.reason,
            puts=puts, ends=change.ends, detail=detail, words=words, digest=digest, seq=self.store.newest(),
            by=actor.name, by_id=actor.id, principal=actor.principal, at=at, until=at + PROPOSED_FOR,
        )  # fmt: skip
        expired = [old for old in kept if old.until <= at]
        self.store.commit(changes_people.propose(proposal, expired), actor, at, if_revision=if_revision)
        return proposal

    async def settle(self, change: Change, actor: Actor, seen: int, *, dry_run: bool) -> Settled:
        """Show what a change of the terms does to approved files, and make it unless it is a dry run.

        Raises RevisionConflict, StoreError.
        """
        snapshot, at = await self.live.current(), self.clock()
        found = await asyncio.to_thread(turns, snapshot, changes.apply(snapshot, change), at)
        event = None if dry_run else await self.commit(change, actor, seen)
        return Settled(change, tuple(found), event)

    async def may_be_waived(self, project: NormalizedName, advisory: str) -> None:
        """Raise Unusable for an advisory that is not about the project."""
        record = await asyncio.to_thread(self.store.advisory, advisory)
        if record is None or all(affected.project != project for affected in record.affected):
            raise Unusable(
                f"No advisory {advisory[:40]!r} about {project} is known. wicketgate explain {project} names them."
            )

    async def policy(self, channel: str) -> PolicySnapshot:
        """Return what is in force in a channel ("" is the default one). Raises Unusable where there is none."""
        snapshot = await self.live.names_known()
        if channel and channel not in snapshot.channels:
            known = ", ".join(snapshot.channels) or "there are none"
            raise Unusable(f"There is no channel {channel[:40]!r}. The channels: {known}")
        return snapshot.of_channel(channel)

    def answering(self, channel: str) -> Gateway:
        """Return the gateway that answers as a channel does."""
        return self.gateway.answering_by(ChannelPolicy(self.live, channel)) if channel else self.gateway

    async def page(self, project: NormalizedName) -> tuple[ProjectPage, datetime]:
        """Return a project's page for a reviewer, and the time at which it was there.

        Raises Unusable, UpstreamError.
        """
        snapshot = await self.live.names_known()
        if snapshot.is_internal(project):
            raise Unusable(f"{project} is an internal name by the terms: the public index is never asked for it.")
        held = await self.gateway.review(project)
        if held.page is None:
            raise Unusable(f"The upstream index has no project {project}. Look at the spelling.")
        return held.page, self.clock()

    def asks(self, *projects: NormalizedName) -> list[Ask]:
        """Return the wishes that wait for any of these projects. Raises StoreError."""
        wanted = set(projects)
        return [entry for entry in self.store.entries("ask") if isinstance(entry, Ask) and entry.project in wanted]

    def late(self) -> list[LateFile]:
        """Return the files that were added later to versions that are approved still, and wait. Raises StoreError."""
        grants = self.live.snapshot.grants
        entries = [entry for entry in self.store.entries("late") if isinstance(entry, LateFile) and not entry.declined]
        return [late for late in entries if waits(late, grants.get(late.project, ()))]


def seen(snapshot: PolicySnapshot, if_revision: int | None) -> int:
    """Return the revision that a change was worked out at: the caller's, else that of the policy it was read from."""
    return snapshot.revision if if_revision is None else if_revision
