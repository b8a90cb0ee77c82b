"""What is known of projects here, without asking the upstream: found by a part of their name, and one in full."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.wishes import read_project
from admin.roles import Permission, demand
from proxy.model import Actor, Approval, Ask, AuditEvent, HandedOut, Prohibition, Waiver
from proxy.store import EventFilter

HOLDERS_AT_MOST = 50
EVENTS_AT_MOST = 30


@dataclass(frozen=True, slots=True)
class Found:
    """A project that something was said about: how many versions are approved, and how many wishes wait."""

    project: NormalizedName
    versions: int
    standing: bool
    prohibited: bool
    asks: int


@dataclass(frozen=True, slots=True)
class About:
    """What was said of a project, who got it (the newest first), and what was done to it (the newest first)."""

    project: NormalizedName
    approvals: tuple[Approval, ...]
    prohibitions: tuple[Prohibition, ...]
    waivers: tuple[Waiver, ...]
    handed_out: tuple[HandedOut, ...]
    events: tuple[AuditEvent, ...]


@dataclass(frozen=True, slots=True)
class Projects:
    """Projects, as far as this gate knows them."""

    hands: Hands

    async def find(self, actor: Actor, text: str) -> list[Found]:
        """Return the projects whose names hold a text, by name. Raises Forbidden, StoreError."""
        demand(actor, Permission.INBOX_READ)
        snapshot = await self.hands.live.current()
        entries = await asyncio.to_thread(self.hands.store.entries, "ask")
        asks = Counter(entry.project for entry in entries if isinstance(entry, Ask))
        wanted = text.strip().lower().replace("_", "-").replace(".", "-")
        names = sorted(name for name in {*snapshot.grants, *snapshot.prohibitions, *asks} if wanted in name)
        found = []
        for name in names:
            grants = snapshot.grants.get(name, ())
            versions = len(frozenset().union(*(grant.versions for grant in grants)))
            standing = any(grant.approval.standing for grant in grants)
            found.append(Found(name, versions, standing, name in snapshot.prohibitions, asks[name]))
        return found

    async def about(self, actor: Actor, name: str) -> About:
        """Return what is known of one project. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.AUDIT_READ)
        project, store = read_project(name), self.hands.store
        snapshot = await self.hands.live.current()
        holders = await asyncio.to_thread(store.handed_out, [project], "", "", HOLDERS_AT_MOST)
        events = await asyncio.to_thread(store.events, EventFilter(project=project, limit=EVENTS_AT_MOST))
        return About(
            project,
            tuple(grant.approval for grant in snapshot.grants.get(project, ())),
            snapshot.prohibitions.get(project, ()),
            snapshot.waivers.get(project, ()),
            tuple(holders),
            tuple(events),
        )
