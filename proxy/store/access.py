"""What signing in leaves behind and nobody audits line by line: sessions, what may be used once, when a token was used.

Decided here:

* Sessions are rows with the digest of their secret; ending one deletes it, on every worker at once.
* What may be used once is spent in one statement: of two that come together, one finds it spent.
* A counter only rises (the step of a one-time code, the signature count of a passkey).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

import msgspec

from proxy.model import Session
from proxy.store import rows
from proxy.store.connections import Connections
from proxy.store.sql import insert

_TIMES = ("opened", "seen", "until", "proved")


class AccessTables:
    """Sessions, spent secrets, counters and uses, in the database of a store. Raises StoreError."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def open_session(self, session: Session) -> None:
        """Keep a session."""
        row = asdict(session)
        with self._connections.transaction("normal") as db:
            insert(db, "sessions", {**row, **{name: rows.instant(row[name]) for name in _TIMES}})

    def session(self, sha256: str) -> Session | None:
        """Return the session whose secret has this digest."""
        with self._connections.reading() as db:
            return next((_session(row) for row in db.query("select * from sessions where sha256 = ?", [sha256])), None)

    def sessions(self) -> list[Session]:
        """Return every session, those that ran out included, the last seen first."""
        with self._connections.reading() as db:
            return [_session(row) for row in db.query("select * from sessions order by seen desc")]

    def see_session(self, identity: str, at: datetime) -> None:
        """Note that a session was used."""
        with self._connections.transaction("normal") as db:
            db.execute("update sessions set seen = max(seen, ?) where id = ?", [rows.instant(at), identity])

    def end_session(self, identity: str) -> bool:
        """Forget a session; False where there was none."""
        with self._connections.transaction("normal") as db:
            return bool(db.execute("delete from sessions where id = ?", [identity]).rowcount)

    def spend(self, key: str, until: datetime, at: datetime) -> bool:
        """Use something up that may be used once before ``until``; False where it was used already."""
        with self._connections.transaction("normal") as db:
            db.execute("delete from spent where until <= ?", [rows.instant(at)])
            done = db.execute("insert or ignore into spent values (?, ?)", [key, rows.instant(until)])
            return bool(done.rowcount)

    def advance(self, key: str, counter: int) -> bool:
        """Raise a counter; False where it stands there already, or higher."""
        with self._connections.transaction("normal") as db:
            done = db.execute(
                """insert into counters values (?, ?) on conflict (key) do update set counter = excluded.counter
                where excluded.counter > counters.counter""",
                [key, counter],
            )
            return bool(done.rowcount)

    def note_uses(self, uses: Mapping[str, datetime]) -> None:
        """Note when tokens were last used, by their ids."""
        with self._connections.transaction("normal") as db:
            for token, at in uses.items():
                db.execute(
                    "insert into uses values (?, ?) on conflict (token) do update set at = max(at, excluded.at)",
                    [token, rows.instant(at)],
                )

    def uses(self) -> Mapping[str, datetime]:
        """Return when each token was last used, as far as it was noted."""
        with self._connections.reading() as db:
            return {row["token"]: rows.moment(row["at"]) for row in db.query("select token, at from uses")}

    def sweep(self, at: datetime) -> None:
        """Forget sessions that ran out by themselves."""
        with self._connections.transaction("normal") as db:
            db.execute("delete from sessions where until <= ?", [rows.instant(at)])


def _session(row: Mapping[str, object]) -> Session:
    return msgspec.convert(row, Session)
