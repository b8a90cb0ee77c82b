"""Requests that bring an idempotency key: what was asked under it, whether it is done, and what was answered.

Decided here:

* A row belongs to one *attempt*. :meth:`RepeatTables.claim` runs inside the transaction of a commit and writes the
  event's number into the row: a change and "this key has done its change" are one write. Whatever is no longer the
  attempt of its row commits nothing. So a crash, a cancelled request and a second process neither lose nor double.
* A row without event whose process is gone is taken over; one with an event, but without an answer, is done: its
  answer is lost, and is not made again.
* Rows live for a day, and each actor has so many at most.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.store import rows
from proxy.store.asked import Answered, Asked, Repeat
from proxy.store.connections import Connections
from proxy.store.sql import insert

KEPT_FOR = timedelta(hours=24)
KEYS_AT_MOST = 2000
"""By actor, within that time."""


class RepeatTables:
    """The keys of a day, in the database of a store. Raises StoreError."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def begin(self, asked: Asked, holder: str, at: datetime) -> Repeat:
        """Begin a request for the process ``holder``, or say how it stands with the one that had the key."""
        with self._connections.transaction("normal") as db:
            db.execute("delete from repeats where at <= ?", [rows.instant(at - KEPT_FOR)])
            found = next(db.query("select * from repeats where actor = ? and key = ?", [asked.actor, asked.key]), None)
            if found is None:
                return self._first(db, asked, holder, at)
            if any(found[name] != getattr(asked, name) for name in ("method", "path", "digest")):
                return Repeat("other")
            return self._again(db, found, holder)

    def _first(self, db: Database, asked: Asked, holder: str, at: datetime) -> Repeat:
        (count,) = db.execute("select count(*) from repeats where actor = ?", [asked.actor]).fetchone()
        if count >= KEYS_AT_MOST:
            return Repeat("too-many")
        attempt = secrets.token_hex(16)
        insert(db, "repeats", {**asdict(asked), "holder": holder, "attempt": attempt, "at": rows.instant(at)})
        return Repeat("begun", attempt)

    def _again(self, db: Database, found: Mapping[str, object], holder: str) -> Repeat:
        row = _Row.of(found)
        if row.answer is not None:
            return Repeat("done", event=row.event, answer=row.answer)
        if row.holder == holder:
            return Repeat("running")
        if row.event is not None:
            return Repeat("done", event=row.event)
        attempt = secrets.token_hex(16)
        db.execute("update repeats set attempt = ?, holder = ? where attempt = ?", [attempt, holder, row.attempt])
        return Repeat("begun", attempt)

    def finish(self, attempt: str, answer: Answered) -> None:
        """Keep what was answered. A refusal that changed nothing is forgotten: the key may be sent again."""
        with self._connections.transaction("normal") as db:
            if answer.status >= 400:
                db.execute("delete from repeats where attempt = ? and event is null", [attempt])
            db.execute(
                "update repeats set status = ?, headers = ?, body = ? where attempt = ?",
                [answer.status, answer.headers, answer.body, attempt],
            )

    def abandon(self, attempt: str) -> None:
        """Leave an attempt that ended without an answer to whoever sends the key next."""
        with self._connections.transaction("normal") as db:
            db.execute("update repeats set holder = '' where attempt = ?", [attempt])


def claim(db: Database, attempt: str, event: int) -> None:
    """Note, in the transaction that writes an event, which attempt it belongs to.

    Raises StoreError where the attempt was given up or taken over: then nothing of it may be written.
    """
    claimed = db.execute("update repeats set event = coalesce(event, ?) where attempt = ?", [event, attempt])
    if not claimed.rowcount:
        raise StoreError("This request was given up, and another took over its idempotency key. Send it again.")


@dataclass(frozen=True, slots=True)
class _Row:
    holder: str
    attempt: str
    event: int | None
    answer: Answered | None

    @classmethod
    def of(cls, found: Mapping[str, object]) -> _Row:
        event, status, body = found["event"], found["status"], found["body"]
        assert event is None or isinstance(event, int)  # noqa: S101  the table is strict
        assert body is None or isinstance(body, bytes)  # noqa: S101  the table is strict
        answer = Answered(status, str(found["headers"]), body) if isinstance(status, int) else None
        return cls(str(found["holder"]), str(found["attempt"]), event, answer)
