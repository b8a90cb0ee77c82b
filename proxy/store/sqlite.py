"""The embedded store: SQLite in WAL mode, through sqlite-utils.

Decided here:

* Changes and groups of decisions are written with ``synchronous=FULL``: what was acknowledged survives the loss of
  power. What comes between (first files, uses of tokens) is written with ``NORMAL`` and goes to disk with the next.
* A data directory knows its database: an empty or foreign one under a used directory is refused.
* A change is acknowledged when it was read back from the file by another connection than the one that wrote it.
* The start checks what decides and the log of changes; the rest is looked through while the gate serves already.
* How connections are held, the chains written, searched, sealed and verified is in the files beside this one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

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
from proxy.policy.ledger import Flaw
from proxy.policy.notes import Checkpoint, Trust
from proxy.store import (
    AdvisoryRow,
    Decision,
    DecisionFilter,
    EventFilter,
    Kept,
    Reach,
    answered,
    chains,
    firsts,
    refused,
    repeats,
    rows,
    searching,
    traffic,
    wanted,
)
from proxy.store.access import AccessTables
from proxy.store.advisories import AdvisoryTables, records
from proxy.store.bell import Bell
from proxy.store.connections import Connections
from proxy.store.granted import in_force
from proxy.store.sql import insert, put_value, store_errors, unsound, value
from proxy.store.sqlite_trail import SqliteTrail
from proxy.store.upgrading import upgrade


class SqliteStore:
    """A :class:`~proxy.store.Store` in one file, ``wicketgate.db``, of a data directory."""

    def __init__(self, directory: Path, archive: Path | None = None) -> None:
        self._directory, self._path = directory, directory / "wicketgate.db"
        self._connections = Connections(self._path, directory / "write.lock")
        try:
            self._start()
        except BaseException:
            self._connections.close()
            raise
        self.access = AccessTables(self._connections)
        self.repeats = repeats.RepeatTables(self._connections)
        self.trail = SqliteTrail(self._connections, archive or directory / "audit-archive")
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
        with store_errors(), self._connections.exclusive():
            upgrade(self._connections.writer, self._path)
            self._check_instance(marker)
            self._check_what_decides()
            self._advisories = AdvisoryTables(self._connections.writer)

    def _check_instance(self, marker: Path) -> None:
        writer = self._connections.writer
        kept = value(writer, "instance")
        if kept is None:
            kept = secrets.token_hex(16)
            with writer.atomic():
                put_value(writer, "instance", kept)
                put_value(writer, "revision", "0")
        if not marker.exists():
            marker.write_text(kept)
            marker.chmod(0o600)
        elif marker.read_text().strip() != kept:
            raise StoreError(
                f"{self._path} is not the database that belongs to this directory. "
                "Restore the right one from a backup, or start with another --data-dir."
            )

    def _check_what_decides(self) -> None:
        """Refuse a database in which the policy or the log of its changes is damaged."""
        for table in ("meta", "entries", "events"):
            if found := unsound(self._connections.writer.conn, table):
                raise StoreError(f"{self._path} is damaged: {found}. Restore a backup: wicketgate restore")

    def look_through(self) -> None:
        """Look for damage in all of the database; once any was found no change is taken. Raises StoreError."""
        self._connections.look_through()

    def close(self) -> None:
        """Fold the log back and release every connection. Idempotent."""
        self._connections.close()
        self.bell.close()

    # --- the policy ---

    def revision(self) -> int:
        """Return the revision of the policy in force."""
        with self._connections.reading() as db:
            return int(value(db, "revision") or 0)

    def load(self, after_seq: int = 0) -> Kept:
        """Return the entries that changed after event ``after_seq`` (0: all that are in force)."""
        with self._connections.reading() as db, db.atomic():
            kept = tuple(in_force(db, after_seq))
            ended = db.query("select distinct id from entries where ended_seq > ?", [after_seq]) if after_seq else ()
            seq = chains.head(db, "events")[0]
            return Kept(kept, tuple(row["id"] for row in ended), int(value(db, "revision") or 0), seq)

    def newest(self) -> int:
        """Return the number of the newest event, 0 where there is none."""
        with self._connections.reading() as db:
            return chains.head(db, "events")[0]

    def entries(self, kind: str) -> list[Entry]:
        """Return the entries of one kind that are in force, oldest first."""
        with self._connections.reading() as db:
            found = db.query(
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
        self._connections.demand_whole()
        with self._connections.transaction("full") as db:
            current = int(value(db, "revision") or 0)
            if if_revision is not None and if_revision != current:
                raise RevisionConflict(if_revision, current)
            revision = current + 1 if change.policy else current
            last, previous = chains.head(db, "events")
            seq = last + 1
            if actor.attempt:
                repeats.claim(db, actor.attempt, seq)
            for ended in (*change.ends, *(entry.id for entry in change.puts)):
                db.execute("update entries set ended_seq = ? where id = ? and ended_seq is null", [seq, ended])
            put = [rows.entry_row(entry, seq) for entry in change.puts]
            for row in put:
                insert(db, "entries", row)
            said = {**change.detail, **self._advisories.write(advisories, forget)}
            record = rows.event_record(replace(change, detail=said), actor, at, seq, revision)
            sealed = chains.append_event(db, record, previous)
            put_value(db, "revision", str(revision))
        self.bell.ring(seq)
        self._read_back(seq, str(sealed["hash"]), put)
        return rows.event_of(sealed)

    def _read_back(self, seq: int, digest: str, put: Sequence[Mapping[str, object]]) -> None:
        """Raise StoreError unless a reader finds the event and the entries that were written."""
        found = "select kind, project, body from entries where id = ? and put_seq = ?"
        with self._connections.reading() as db:
            whole = chains.hashes(db, "events", seq - 1, seq) == [digest] and all(
                db.execute(found, [row["id"], seq]).fetchone() == (row["kind"], row["project"], row["body"])
                for row in put
            )
        if not whole:
            raise StoreError(f"{self._path} did not keep what was written to it. See to the disk (dmesg).")

    # --- the records ---

    def events(self, wanted: EventFilter) -> list[AuditEvent]:
        """Return matching audit events, newest first."""
        with self._connections.reading() as db:
            return searching.events(db, wanted)

    def verify(
        self,
        trust: Trust | None = None,
        kept: Sequence[Checkpoint] = (),
        pause: Callable[[], None] = lambda: None,
    ) -> Iterator[Flaw]:
        """Yield what is wrong with the chains, the entries and their checkpoints (those kept elsewhere as well)."""
        yield from self.trail.verify(trust, kept, pause)

    def record(self, records: Sequence[tuple[str, DecisionRecord]], *, again: bool = False) -> None:
        """Write decisions, each with an id unique for ever. ``again``: some may be written already."""
        with self._connections.transaction("full") as db:
            chains.append_decisions(db, chains.unwritten(db, records) if again else records)

    def decisions(self, wanted: DecisionFilter) -> list[Decision]:
        """Return matching decisions, newest first."""
        with self._connections.reading() as db:
            return searching.decisions(db, wanted)

    def demand(self, since: datetime, project: str = "") -> list[Demand]:
        """Return what was refused since then, of one project or of all, the most wanted first."""
        with self._connections.reading() as db:
            return refused.demand(db, since, project)

    def wanted(self, since: datetime, verdict: str = "") -> list[Wanted]:
        """Return what installers wanted since then (with one verdict alone), a line a file or page of a channel."""
        with self._connections.reading() as db:
            return list(wanted.lines(db, since, verdict))

    def answered(self, since: datetime) -> list[Answered]:
        """Return how often each verdict was given on each day since then, the oldest day first."""
        with self._connections.reading() as db:
            return list(answered.lines(db, since))

    def handed_out(
        self, projects: Collection[str], version: str = "", sha256: str = "", most: int = -1
    ) -> list[HandedOut]:
        """Return who got files of these projects (or the file with this digest), the newest first, ``most`` of them."""
        with self._connections.reading() as db:
            return traffic.handed_out(db, projects, version, sha256, most)

    def reach(self, projects: Collection[str]) -> list[Reach]:
        """Return every release of these projects that anybody got files of, the one got last first."""
        with self._connections.reading() as db:
            return traffic.reach(db, list(projects))

    def keep_first(self, project: str, file: ReleaseFile, at: datetime) -> ReleaseFile:
        """Keep a file as the first of its name, unless there was one: return the one that is kept, for ever."""
        with self._connections.reading() as db:
            known = firsts.find(db, project, file.filename)
        if known:
            return known
        with self._connections.transaction("normal") as db:
            return firsts.keep(db, project, file, at)

    def first_files(self, project: str) -> Mapping[str, ReleaseFile]:
        """Return the files of a project that were the first of their names, by name."""
        with self._connections.reading() as db:
            return firsts.of_project(db, project)

    # --- the advisories ---

    def advisories_kept(self) -> Mapping[str, tuple[datetime, str, bytes]]:
        """Return ``modified``, digest and the packed whole of every advisory record kept, by id."""
        with self._connections.reading() as db:
            found = db.execute("select id, modified, digest, record from advisories")
            return {identity: (rows.moment(modified), digest, packed) for identity, modified, digest, packed in found}

    def advisory(self, identity: str) -> Advisory | None:
        """Return one advisory record whole, None where there is none with that id."""
        with self._connections.reading() as db:
            row = next(db.query("select record from advisories where id = ?", [identity]), None)
            return None if row is None else records.decode(row["record"])

    def packed_advisories(self) -> Mapping[str, bytes]:
        """Return the packed advisories of every project that has any."""
        with self._connections.reading() as db:
            return dict(db.execute("select project, packed from advisory_projects"))
