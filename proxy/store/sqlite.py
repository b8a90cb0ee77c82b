"""The embedded store: SQLite in WAL mode, through sqlite-utils.

Decided here:

* One writer at a time, in any process: a thread lock and a file lock are held around every write and
  every checkpoint. SQLite before 3.51.3 can corrupt a database when two connections write and
  checkpoint at the same moment, and Pythons ship older ones; a lock costs less than shipping another.
* Changes are written with ``synchronous=FULL``, traffic with ``NORMAL``: an acknowledged change
  survives the loss of power, a decision the loss of the process (and the journal keeps it until then).
* Readers have a connection of their own per thread and never wait for the writer.
* A data directory knows its database: an empty or foreign one under a used directory is refused.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from proxy.errors import RevisionConflict, StoreError
from proxy.model import (
    Actor,
    Advisory,
    Answered,
    AuditEvent,
    Change,
    DecisionRecord,
    Demand,
    Entry,
    HandedOut,
    ReleaseFile,
    Wanted,
)
from proxy.policy import ledger
from proxy.store import (
    AdvisoryRow,
    Decision,
    DecisionFilter,
    EventFilter,
    Kept,
    Reach,
    answered,
    firsts,
    refused,
    rows,
    wanted,
)
from proxy.store.access import AccessTables
from proxy.store.advisories import AdvisoryTables, records
from proxy.store.bell import Bell
from proxy.store.migrations import migrations

BUSY_SECONDS = 5.0


class SqliteStore:
    """A :class:`~proxy.store.Store` in one file, ``wicketgate.db``, of a data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, directory / "wicketgate.db"
        self._threads = threading.local()
        self._opened: list[Database] = []
        self._writing = threading.RLock()
        self._lock_file = os.open(directory / "write.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._start()
        except BaseException:
            os.close(self._lock_file)
            raise
        self.access = AccessTables(lambda: self._transaction("normal"), self._reading, _insert)
        self.bell = Bell(directory / "revision")
        self.bell.ring(self.newest())

    def _start(self) -> None:
        """Open the writer, migrate, and make sure that this is the database of this directory."""
        marker = self._directory / "instance"
        if marker.exists() and not self._path.exists():
            raise StoreError(
                f"The database is missing: {self._path}. This directory had one, and an empty one would forget "
                "every decision. Restore it from a backup, or start with another --data-dir."
            )
        with _store_errors(), self._exclusive():
            self._writer = self._connect()
            migrations.apply(self._writer)
            self._check_instance(marker)
            self._advisories = AdvisoryTables(self._writer)

    def _check_instance(self, marker: Path) -> None:
        kept = _value(self._writer, "instance")
        if kept is None:
            kept = secrets.token_hex(16)
            with self._writer.atomic():
                _put_value(self._writer, "instance", kept)
                _put_value(self._writer, "revision", "0")
        if not marker.exists():
            marker.write_text(kept)
            marker.chmod(0o600)
        elif marker.read_text().strip() != kept:
            raise StoreError(
                f"{self._path} is not the database that belongs to this directory. "
                "Restore the right one from a backup, or start with another --data-dir."
            )

    def _connect(self) -> Database:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        self._path.chmod(0o600)
        for pragma in ("journal_mode=wal", "wal_autocheckpoint=0", "foreign_keys=on", "trusted_schema=off"):
            connection.execute(f"pragma {pragma}")
        database = Database(connection)
        self._opened.append(database)
        return database

    @property
    def _reader(self) -> Database:
        if not hasattr(self._threads, "reader"):
            self._threads.reader = self._connect()
            self._threads.reader.execute("pragma query_only=on")
        reader: Database = self._threads.reader
        return reader

    @contextmanager
    def _reading(self) -> Iterator[Database]:
        with _store_errors():
            yield self._reader

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._writing:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @contextmanager
    def _transaction(self, synchronous: str) -> Iterator[Database]:
        """Hold the one writing door for one transaction."""
        with _store_errors(), self._exclusive():
            self._writer.execute(f"pragma synchronous={synchronous}")
            with self._writer.atomic():
                yield self._writer
            self._checkpoint_when_long()

    def _checkpoint_when_long(self, limit: int = 16 << 20) -> None:
        """Fold the write-ahead log back before it grows long. Readers are not disturbed."""
        wal = self._path.with_name(self._path.name + "-wal")
        if wal.exists() and wal.stat().st_size > limit:
            self._writer.execute("pragma wal_checkpoint(passive)")

    def close(self) -> None:
        """Fold the log back and release every connection."""
        if not self._opened:
            return
        with _store_errors(), self._exclusive():
            self._writer.execute("pragma wal_checkpoint(passive)")
            while self._opened:
                self._opened.pop().conn.close()
        os.close(self._lock_file)
        self.bell.close()

    # --- the policy ---

    def revision(self) -> int:
        """Return the revision of the policy in force."""
        with _store_errors():
            return int(_value(self._reader, "revision") or 0)

    def load(self, after_seq: int = 0) -> Kept:
        """Return the entries that changed after event ``after_seq`` (0: all that are in force)."""
        with _store_errors(), self._reader.atomic():
            db = self._reader
            puts = db.query(
                "select kind, body from entries where ended_seq is null and put_seq > ? order by put_seq",
                [after_seq],
            )
            kept = tuple(rows.entry_of(row["kind"], row["body"]) for row in puts)
            ended = db.query("select distinct id from entries where ended_seq > ?", [after_seq]) if after_seq else ()
            seq = _head(db, "events")[0] - 1
            return Kept(kept, tuple(row["id"] for row in ended), int(_value(db, "revision") or 0), seq)

    def newest(self) -> int:
        """Return the number of the newest event, 0 where there is none."""
        with _store_errors():
            return _head(self._reader, "events")[0] - 1

    def entries(self, kind: str) -> list[Entry]:
        """Return the entries of one kind that are in force, oldest first."""
        with _store_errors():
            found = self._reader.query(
                "select kind, body from entries where ended_seq is null and kind = ? order by put_seq", [kind]
            )
            return [rows.entry_of(row["kind"], row["body"]) for row in found]

    def commit(
        self,
        change: Change,
        actor: Actor,
        at: datetime,
        *,
        if_revision: int | None = None,
        advisories: Iterable[AdvisoryRow] = (),
        forget: Sequence[str] = (),
    ) -> AuditEvent:
        """Write one act: its entries, the advisory records it brings or drops, its event, the revision."""
        with self._transaction("full") as db:
            current = int(_value(db, "revision") or 0)
            if if_revision is not None and if_revision != current:
                raise RevisionConflict(if_revision, current)
            revision = current + 1 if change.policy else current
            seq, previous = _head(db, "events")
            for ended in (*change.ends, *(entry.id for entry in change.puts)):
                db.execute("update entries set ended_seq = ? where id = ? and ended_seq is null", [seq, ended])
            for entry in change.puts:
                _insert(db, "entries", rows.entry_row(entry, seq))
            self._advisories.write(advisories, forget)
            record = rows.event_record(change, actor, at, seq, revision)
            sealed = {**record, "previous": previous, "hash": ledger.seal(record, previous)}
            _insert(db, "events", rows.event_row(sealed))
            _put_value(db, "revision", str(revision))
        self.bell.ring(seq)
        return rows.event_of(sealed)

    # --- the records ---

    def events(self, wanted: EventFilter) -> list[AuditEvent]:
        """Return matching audit events, newest first."""
        where, values = _where(
            (wanted.project, "instr(' ' || project || ' ', ' ' || ? || ' ')"),
            (wanted.tag, "tag = ?"),
            (wanted.actor, "json_extract(actor, '$.name') = ?"),
            (wanted.since and rows.instant(wanted.since), "at >= ?"),
            (wanted.before_seq, "seq < ?"),
        )
        sql = f"select * from events {where} order by seq desc limit ?"  # noqa: S608  clauses are our own constants
        with _store_errors():
            return [
                rows.event_of(rows.event_record_of(row)) for row in self._reader.query(sql, [*values, wanted.limit])
            ]

    def verify(self) -> Iterator[ledger.Flaw]:
        """Yield what is wrong: the changes' chain, the decisions' chain, entries no event vouches for."""
        with _store_errors():
            db = self._reader
            yield from ledger.verify(map(rows.event_record_of, db.query("select * from events order by seq")))
            for flaw in ledger.verify(map(rows.decision_record_of, db.query("select * from decisions order by seq"))):
                yield ledger.Flaw(flaw.seq, flaw.problem.replace("event", "decision"))
            yield from _unvouched(db)

    def record(self, records: Sequence[tuple[str, DecisionRecord]], *, again: bool = False) -> None:
        """Write decisions, each with an id unique for ever. ``again``: some may be written already."""
        with self._transaction("normal") as db:
            seq, previous = _head(db, "decisions")
            for uid, decision in records:
                if again and next(db.query("select 1 from decisions where uid = ?", [uid]), None):
                    continue
                record = rows.decision_record(uid, decision, seq)
                sealed = {**record, "previous": previous, "hash": ledger.seal(record, previous)}
                _insert(db, "decisions", rows.decision_row(sealed))
                seq, previous = seq + 1, str(sealed["hash"])

    def decisions(self, wanted: DecisionFilter) -> list[Decision]:
        """Return matching decisions, newest first."""
        where, values = _where(
            (wanted.project, "project = ?"),
            (wanted.client, "client = ?"),
            (wanted.verdict, "verdict = ?"),
            (wanted.what, "what = ?"),
            (wanted.since and rows.instant(wanted.since), "at >= ?"),
            (wanted.before_seq, "seq < ?"),
        )
        sql = f"select * from decisions {where} order by seq desc limit ?"  # noqa: S608  clauses are our own constants
        with _store_errors():
            found = self._reader.query(sql, [*values, wanted.limit])
            return [Decision(row["seq"], rows.decision_of(rows.decision_record_of(row))) for row in found]

    def demand(self, since: datetime, project: str = "") -> list[Demand]:
        """Return what was refused since then, of one project or of all, the most wanted first."""
        with _store_errors():
            return refused.demand(self._reader, since, project)

    def wanted(self, since: datetime, verdict: str = "") -> list[Wanted]:
        """Return what installers wanted since then (with one verdict alone), a line a file or page of a channel."""
        with _store_errors():
            return list(wanted.lines(self._reader, since, verdict))

    def answered(self, since: datetime) -> list[Answered]:
        """Return how often each verdict was given on each day since then, the oldest day first."""
        with _store_errors():
            return list(answered.lines(self._reader, since))

    def handed_out(
        self, projects: Collection[str], version: str = "", sha256: str = "", most: int = -1
    ) -> list[HandedOut]:
        """Return who got files of these projects (or the file with this digest), the newest first, ``most`` of them."""
        where, values = _where((version, "version = ?"), (sha256, "sha256 = ?"))
        scope = f"project in ({_marks(projects)})" if projects else "true"
        sql = f"""select project, version, client, token, agent, count(*), min(at), max(at) as last from decisions
            {where or "where true"} and {scope} and {_HANDED_OUT}
            group by project, version, client, token, agent order by last desc limit ?"""  # noqa: S608  our own constants
        with _store_errors():
            return [rows.handed_out_of(row) for row in self._reader.execute(sql, [*values, *projects, most])]

    def reach(self, projects: Collection[str]) -> list[Reach]:
        """Return every release of these projects that anybody got files of, the one got last first."""
        names = list(projects)
        parts = [names[start : start + _NAMES_AT_ONCE] for start in range(0, len(names), _NAMES_AT_ONCE)]
        sql = """select project, version, count(distinct client), count(*), max(at) from decisions
            where project in ({}) and {} group by project, version"""
        with _store_errors():
            found = [row for part in parts for row in self._reader.execute(sql.format(_marks(part), _HANDED_OUT), part)]
        return sorted(map(rows.reach_of, found), key=lambda reach: reach.last, reverse=True)

    def keep_first(self, project: str, file: ReleaseFile, at: datetime) -> ReleaseFile:
        """Keep a file as the first of its name, unless there was one: return the one that is kept, for ever."""
        with _store_errors():
            known = firsts.find(self._reader, project, file.filename)
        if known:
            return known
        with self._transaction("normal") as db:
            return firsts.keep(db, project, file, at)

    def first_files(self, project: str) -> Mapping[str, ReleaseFile]:
        """Return the files of a project that were the first of their names, by name."""
        with _store_errors():
            return firsts.of_project(self._reader, project)

    # --- the advisories ---

    def advisory_digests(self) -> Mapping[str, tuple[datetime, str]]:
        """Return ``modified`` and digest of every advisory record kept, by id."""
        with _store_errors():
            found = self._reader.query("select id, modified, digest from advisories")
            return {row["id"]: (rows.moment(row["modified"]), row["digest"]) for row in found}

    def advisory(self, identity: str) -> Advisory | None:
        """Return one advisory record whole, None where there is none with that id."""
        with _store_errors():
            row = next(self._reader.query("select record from advisories where id = ?", [identity]), None)
            return None if row is None else records.decode(row["record"])

    def packed_advisories(self) -> Mapping[str, bytes]:
        """Return the packed advisories of every project that has any."""
        with _store_errors():
            found = self._reader.query("select project, packed from advisory_projects")
            return {row["project"]: row["packed"] for row in found}


_HANDED_OUT = "what = 'file' and verdict = 'allowed'"
"""In these words, or the index that answers it is not used."""

_NAMES_AT_ONCE = 500
"""A database takes only so many names in one question."""


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _unvouched(db: Database) -> Iterator[ledger.Flaw]:
    """Yield entries whose row is not what the event that put (or ended) it says."""
    vouched: dict[str, tuple[int, str]] = {}
    for row in db.query("select seq, detail from events order by seq"):
        detail = json.loads(row["detail"])
        for ended in detail["ended"]:
            vouched.pop(ended, None)
        vouched |= {entry: (row["seq"], digest) for entry, digest in detail["entries"].items()}
    for row in db.query("select id, body, put_seq from entries where ended_seq is null"):
        if vouched.pop(row["id"], None) != (row["put_seq"], rows.digest(row["body"])):
            yield ledger.Flaw(row["put_seq"], f"entry {row['id']} is not what any event put there")
    for entry, (seq, _) in vouched.items():
        yield ledger.Flaw(seq, f"entry {entry}, put by event {seq}, is gone without an event that ended it")


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The database cannot be used: {error}") from error


def _value(db: Database, key: str) -> str | None:
    row = next(db.query("select value from meta where key = ?", [key]), None)
    return None if row is None else str(row["value"])


def _put_value(db: Database, key: str, value: str) -> None:
    db.execute("insert into meta values (?, ?) on conflict (key) do update set value = excluded.value", [key, value])


def _head(db: Database, chain: str) -> tuple[int, str]:
    """Return the next sequence number of a chain and the hash it follows."""
    row = next(db.query(f"select seq, hash from {chain} order by seq desc limit 1"), None)  # noqa: S608  our own name
    return (1, ledger.GENESIS) if row is None else (row["seq"] + 1, row["hash"])


def _insert(db: Database, table: str, row: rows.Record) -> None:
    marks = ", ".join(f":{column}" for column in row)
    db.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", row)  # noqa: S608  names are ours


def _where(*clauses: tuple[object, str]) -> tuple[str, list[object]]:
    chosen = [(value, clause) for value, clause in clauses if value not in (None, "")]
    text = " and ".join(clause for _, clause in chosen)
    return (f"where {text}" if text else ""), [value for value, _ in chosen]
