"""A report of a period: what was approved and why, what was an exception, how long things took."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent
from proxy.policy.reporting import TROUBLE, Data, Facts, report
from proxy.store import EventFilter

KINDS = ("approval", "prohibition", "waiver", "ask", "feed")
TURNED = "release:verdict:turned"
MOST = 10_000
"""Events of one kind that a report looks at."""


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports."""

    hands: Hands

    async def make(self, actor: Actor, since: datetime, until: datetime) -> Data:
        """Return the report of a period. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.AUDIT_READ)
        if since >= until:
            raise Unusable("The period ends before it begins. Say since and until the other way round.")
        return await asyncio.to_thread(lambda: report(self._facts(since, until)))

    def _facts(self, since: datetime, until: datetime) -> Facts:
        trail = self.hands.store.trail
        turned = self._events(TURNED, since, until)
        checks = [event for tag in sorted({*TROUBLE, "audit:log"}) for event in self._events(tag, since, until)]
        return Facts(
            since,
            until,
            [life for kind in KINDS for life in trail.lifetimes(kind)],
            trail.tally(since, until),
            sorted({event.seq: event for event in checks}.values(), key=lambda event: event.seq),
            list(self._refused(turned)),
        )

    def _events(self, tag: str, since: datetime, until: datetime) -> list[AuditEvent]:
        return self.hands.store.events(EventFilter(tag=tag, since=since, until=until, limit=MOST))

    def _refused(self, turned: list[AuditEvent]) -> Iterator[timedelta]:
        """Yield how long it took from each advisory to the refusal of what it made bad."""
        for event in turned:
            named = event.detail.get("advisories")
            for identity in named if isinstance(named, list) else ():
                advisory = self.hands.store.advisory(str(identity))
                if advisory is not None:
                    yield event.at - (advisory.published or advisory.modified)
