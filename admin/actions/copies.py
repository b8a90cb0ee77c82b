"""Copies of the record: whoever takes one leaves an event, and gets a stream that may be taken up again.

Decided here:

* The event stands before the first byte leaves. What was written after the asking is not in the copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from admin.actions.hands import Hands
from admin.roles import Permission, demand
from proxy.audit.forms import FORMS, csv_head, csv_line
from proxy.model import Actor
from proxy.policy import changes_audit
from proxy.store.rows import instant
from proxy.store.trail import Chain

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Copies:
    """The record as files."""

    hands: Hands

    async def take(
        self, actor: Actor, chain: Chain, form: str, since: datetime | None, until: datetime | None, after: int
    ) -> Iterator[bytes]:
        """Return a copy in pieces, from after a record. Raises Forbidden, StoreError.

        Reading it blocks: read it off the loop.
        """
        demand(actor, Permission.AUDIT_READ)
        period = {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}
        await self.hands.commit(changes_audit.exported(chain, form, {**period, "after": str(after)}), actor)
        return self._pieces(chain, form, since, until, after)

    def _pieces(
        self, chain: Chain, form: str, since: datetime | None, until: datetime | None, after: int
    ) -> Iterator[bytes]:
        trail = self.hands.store.trail
        first, last = trail.within(chain, since, until)
        place, last = max(after, first - 1), min(last, trail.last(chain))
        begin, end = instant(since) if since else "", instant(until) if until else "~"
        line = csv_line if form == "csv" else FORMS[form]
        if form == "csv":
            yield csv_head(chain)
        while place < last and (records := trail.records(chain, place, PAGE)):
            place = int(str(records[-1]["seq"]))
            wanted = [each for each in records if int(str(each["seq"])) <= last and begin <= str(each["at"]) < end]
            yield b"".join(line(chain, record) for record in wanted)
