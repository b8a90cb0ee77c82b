"""What every verb works with: the store, the policy in force, the gateway and the clock.

Decided here:

* A change is in force when the verb that made it returns.
* A reviewer's page is never asked for by an internal name.
* What was worked out from the policy is committed at the revision it was read at, or at the one that the caller had
  seen: of two people at once the second is told, and overwrites nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from admin.actions.wishes import Unusable
from proxy.channels import ChannelPolicy
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Actor, Ask, AuditEvent, Change, LateFile, ProjectPage
from proxy.policy import changes
from proxy.policy.late import waits
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.terms import Turn, turns
from proxy.store import Store


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

    async def commit(self, change: Change, actor: Actor, if_revision: int | None = None) -> AuditEvent:
        """Commit and have the new policy in force before returning. Raises RevisionConflict, StoreError."""
        event = await asyncio.to_thread(self.store.commit, change, actor, self.clock(), if_revision=if_revision)
        await self.live.current()
        return event

    async def settle(self, change: Change, actor: Actor, seen: int, *, dry_run: bool) -> Settled:
        """Show what a change of the terms does to approved files, and make it unless it is a dry run.

        Raises RevisionConflict, StoreError.
        """
        snapshot, at = await self.live.current(), self.clock()
        found = await asyncio.to_thread(turns, snapshot, changes.apply(snapshot, change), at)
        event = None if dry_run else await self.commit(change, actor, seen)
        return Settled(change, tuple(found), event)

    async def may_be_waived(self, project: NormalizedName, advisory: str) -> None:
        """Raise Unusable for an advisory that is not about the project, or that reports malware."""
        snapshot = await self.live.current()
        record = await asyncio.to_thread(self.store.advisory, advisory)
        if record is None or all(affected.project != project for affected in record.affected):
            raise Unusable(
                f"No advisory {advisory[:40]!r} about {project} is known. wicketgate explain {project} names them."
            )
        if snapshot.advisories.is_malicious(project, advisory):
            raise Unusable(f"{advisory} reports malware: that cannot be waived.")

    async def policy(self, channel: str) -> PolicySnapshot:
        """Return what is in force in a channel ("" is the default one). Raises Unusable where there is none."""
        snapshot = await self.live.current()
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
