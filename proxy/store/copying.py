"""A copy of the database as of one moment, made while others write."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.store.sql import store_errors, unsound


def copy(source: Database, target: Path) -> None:
    """Copy a database to a new file of its own (0600), made to last, and make sure that it is sound.

    Writers are not held up: the copy is what the last commit before it left. Raises StoreError, also where the file
    is there already, and then leaves nothing.
    """
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise StoreError(f"The copy {target} cannot be written: {error.strerror}.") from error
    try:
        with store_errors(), closing(sqlite3.connect(target, isolation_level=None)) as copied:
            source.conn.backup(copied)
            copied.execute("pragma journal_mode=delete")
            _demand_sound(copied)
        descriptor = os.open(target, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _demand_sound(copied: sqlite3.Connection) -> None:
    if found := unsound(copied):
        raise StoreError(f"The database is damaged, and its copy would be no backup: {found}. Keep the last good one.")
