"""The connections to the database file: one that writes, one for each thread that reads.

Decided here:

* One writer at a time, in any process: a thread lock and a file lock are held around every write and
  every checkpoint. SQLite before 3.51.3 can corrupt a database when two connections write and
  checkpoint at the same moment, and Pythons ship older ones; a lock costs less than shipping another.
* Readers have a connection of their own per thread and never wait for the writer.
* Nothing is written to a database whose file was replaced or removed, or in which anything was found damaged: what
  is still in memory would take it, and it would be gone with the next start.
* Damage that was only looked for, and that nothing has met yet, stops changes and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.store.sql import damaged, store_errors, unsound

BUSY_SECONDS = 5.0
PRIVATE = 0o600
WRITER_CACHE = 64 << 20
"""Bytes of pages that the writer keeps: the indexes are written all over."""
LONGEST_LOG = 64 << 20
"""Bytes of the write-ahead log at which it is folded back."""


class Connections:
    """Opens the database at ``path`` when it is first used; ``lock`` is the file that writers of all processes hold."""

    def __init__(self, path: Path, lock: Path) -> None:
        self._path = path
        self._threads = threading.local()
        self._opened: list[Database] = []
        self._file: tuple[int, int] | None = None
        self._damaged = ""
        self._flaw = ""
        self._writing = threading.RLock()
        self._writer: Database | None = None
        self._lock_file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)

    @property
    def writer(self) -> Database:
        """The connection that writes. Use it inside :meth:`exclusive` or :meth:`transaction` alone."""
        if self._writer is None:
            self._writer = self._connect()
            self._writer.execute(f"pragma cache_size=-{WRITER_CACHE >> 10}")
        return self._writer

    @property
    def reader(self) -> Database:
        """This thread's connection, which cannot write."""
        if not hasattr(self._threads, "reader"):
            self._threads.reader = self._connect()
            self._threads.reader.execute("pragma query_only=on")
        reader: Database = self._threads.reader
        return reader

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Give this thread's reader. Raises StoreError for what SQLite raises."""
        with self._noticing():
            yield self.reader

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Raise StoreError for what SQLite raises, and remember that the database is damaged."""
        try:
            with store_errors():
                yield
        except StoreError as error:
            if damaged(error.__cause__):
                self._damaged = str(error)
            raise

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the writing door, in this and every other process."""
        with self._writing:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @contextmanager
    def transaction(self, synchronous: Literal["full", "normal"]) -> Iterator[Database]:
        """Hold the one writing door for one transaction. Raises StoreError for what SQLite raises."""
        with self._noticing(), self.exclusive():
            self._demand_sound()
            self.writer.execute(f"pragma synchronous={synchronous}")
            with self.writer.atomic():
                yield self.writer
            self._checkpoint_when_long()

    def look_through(self) -> None:
        """Look for damage in the whole database, however long that takes; :meth:`close` ends it. Raises StoreError."""
        self.demand_whole()
        with self.reading() as db:
            found = unsound(db.conn)
        if found:
            self._flaw = f"{self._path} is damaged: {found}. Stop the gate and restore a backup: wicketgate restore"
            self.demand_whole()

    def demand_whole(self) -> None:
        """Raise StoreError where damage was found anywhere in the database."""
        if self._flaw:
            raise StoreError(self._flaw)

    def _connect(self) -> Database:
        """Connect. The first connection may make the file; a later one that found none would hide that it is gone."""
        self._demand_sound()
        where = f"{self._path.absolute().as_uri()}?mode={'rwc' if self._file is None else 'rw'}"
        connection = sqlite3.connect(
            where, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        if stat.S_IMODE(self._path.stat().st_mode) != PRIVATE:  # only where it must: a disk may be read-only by now
            self._path.chmod(PRIVATE)
        for pragma in ("journal_mode=wal", "wal_autocheckpoint=0", "foreign_keys=on", "trusted_schema=off"):
            connection.execute(f"pragma {pragma}")
        database = Database(connection)
        self._opened.append(database)
        self._file = self._file or self._found()
        return database

    def _found(self) -> tuple[int, int] | None:
        """Return which file is at the database's path now, None where there is none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def _demand_sound(self) -> None:
        if self._damaged:
            raise StoreError(self._damaged)
        if self._file is not None and self._found() != self._file:
            raise StoreError(
                f"{self._path} was replaced or removed while the gate runs: nothing is written any more. Stop the "
                "gate, put the right database there (wicketgate restore), and start it again."
            )

    def _checkpoint_when_long(self) -> None:
        """Fold the write-ahead log back before it grows long. Readers are not disturbed."""
        log = self._path.with_name(self._path.name + "-wal")
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            self.writer.execute("pragma wal_checkpoint(passive)")

    def close(self) -> None:
        """Fold the log back and release every connection. Idempotent."""
        if self._lock_file < 0:
            return
        for opened in self._opened:
            opened.conn.interrupt()
        try:
            with store_errors(), self.exclusive():
                if self._writer is not None:
                    self._writer.execute("pragma wal_checkpoint(passive)")
                while self._opened:
                    self._opened.pop().conn.close()
        finally:
            os.close(self._lock_file)
            self._lock_file = -1
