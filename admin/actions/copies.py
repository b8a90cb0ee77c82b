"""Copies of the record: whoever takes one leaves an event, and gets a stream that may be taken up again.

Decided here:

* The event stands before the first byte leaves. What was written after the asking is not in the copy.
* A copy that cannot be whole is not begun: where records are missing, it says which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable
from admin.roles import Permission, demand
from proxy.audit.forms import FORMS, csv_head, csv_line
from proxy.model import Actor
from proxy.policy import changes_audit
from proxy.store.rows import instant
from proxy.store.trail import Chain, Record

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Copies:
    """The record as files."""

    hands: Hands

    async def take(
        self, actor: Actor, chain: Chain, form: str, since: datetime | None, until: datetime | None, after: int
    ) -> Iterator[bytes]:
        """Return a copy in pieces, from after a record. Raises Forbidden, Unusable, StoreError.

        Reading it blocks: read it off the loop.
        """
        demand(actor, Permission.AUDIT_READ)
        trail = self.hands.store.trail
        first, last = await asyncio.to_thread(trail.within, chain, since, until)
        place = max(after, first - 1)
        for record in await asyncio.to_thread(trail.records, chain, place, 1):
            _follows(chain, place, record)
        begin, end = instant(since) if since else "", instant(until) if until else ""
        period = {"since": begin, "until": end, "after": str(after)}
        await self.hands.commit(changes_audit.exported(chain, form, period), actor)
        last = min(last, await asyncio.to_thread(trail.last, chain))
        return self._pieces(chain, form, place, last, (begin, end or "~"))

    def _pieces(self, chain: Chain, form: str, place: int, last: int, period: tuple[str, str]) -> Iterator[bytes]:
        trail, (begin, end) = self.hands.store.trail, period
        line = csv_line if form == "csv" else FORMS[form]
        if form == "csv":
            yield csv_head(chain)
        while place < last and (records := trail.records(chain, place, PAGE)):
            _follows(chain, place, records[0])
            place = int(str(records[-1]["seq"]))
            wanted = [each for each in records if int(str(each["seq"])) <= last and begin <= str(each["at"]) < end]
            yield b"".join(line(chain, record) for record in wanted)


def _follows(chain: Chain, place: int, record: Record) -> None:
    """Raise Unusable where records are missing that should follow a place: a copy must not pass for a whole one."""
    seq = int(str(record["seq"]))
    if seq > place + 1:
        raise Unusable(
            f"The {chain} {place + 1} to {seq - 1} are not at hand. If they were archived, put their files back where "
            f"they were written, or begin later: --after {seq - 1}. Else: wicketgate audit verify"
        )
