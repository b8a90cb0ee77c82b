"""The few things that every table of the embedded store needs: single values, inserts, clauses, errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from sqlite_utils import Database

from proxy.errors import StoreError

STEPS = {
    sqlite3.SQLITE_BUSY: " Another program holds it: find that (fuser wicketgate.db) and let it end.",
    sqlite3.SQLITE_FULL: " Make room on its disk; nothing was changed.",
    sqlite3.SQLITE_READONLY: " Make the data directory writable for the gate's user again.",
    sqlite3.SQLITE_CANTOPEN: " See to the disk, the permissions, and the limit of open files (ulimit -n).",
    sqlite3.SQLITE_IOERR: " See to the disk (dmesg).",
    sqlite3.SQLITE_CORRUPT: " It is damaged: stop the gate and restore a backup (wicketgate restore).",
    sqlite3.SQLITE_NOTADB: " It is damaged: stop the gate and restore a backup (wicketgate restore).",
}
_ROWS_AT_ONCE = 64


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what SQLite and the file system raise into StoreError, with what to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The database cannot be used: {error}.{_step(error)}") from error
    except OSError as error:
        raise StoreError(f"The data directory cannot be used: {error.strerror or error}.") from error


def damaged(error: BaseException | None) -> bool:
    """Whether SQLite found the database to be damaged."""
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return kind in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _step(error: sqlite3.Error) -> str:
    """Return what somebody should do about it, "" where nobody can know. The low byte of a code is its kind."""
    return STEPS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "")


def value(db: Database, key: str) -> str | None:
    """Return a single value, None where it was never put."""
    row = next(db.query("select value from meta where key = ?", [key]), None)
    return None if row is None else str(row["value"])


def put_value(db: Database, key: str, text: str) -> None:
    """Keep a single value, replacing the one before."""
    db.execute("insert into meta values (?, ?) on conflict (key) do update set value = excluded.value", [key, text])


def insert(db: Database, table: str, row: dict[str, object]) -> None:
    """Insert one row by its columns' names, which are ours."""
    marks = ", ".join(f":{column}" for column in row)
    db.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", row)  # noqa: S608  names are ours


def insert_all(db: Database, into: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows into a table; ``into`` names it with its columns, which are ours.

    Many to a statement: each statement lets go of the interpreter and must wait its turn to get it back. Two
    statements are enough for any number of rows, so that both stay prepared.
    """
    if not rows:
        return
    whole = len(rows) - len(rows) % _ROWS_AT_ONCE
    marks = f"({', '.join('?' * len(rows[0]))})"
    many = f"insert into {into} values {', '.join([marks] * _ROWS_AT_ONCE)}"  # noqa: S608  names are ours
    for start in range(0, whole, _ROWS_AT_ONCE):
        db.execute(many, list(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE])))
    db.conn.executemany(f"insert into {into} values {marks}", rows[whole:])  # noqa: S608  names are ours


def where(*clauses: tuple[object, str]) -> tuple[str, list[object]]:
    """Return a WHERE of those clauses whose value says something, and the values. Each clause holds one mark."""
    chosen = [(each, clause) for each, clause in clauses if each not in (None, "")]
    text = " and ".join(clause for _, clause in chosen)
    return (f"where {text}" if text else ""), [each for each, _ in chosen]


def unsound(db: sqlite3.Connection, table: str = "1") -> str:
    """Return what SQLite finds damaged in a table of ours ("1": in all of the database), "" where nothing is.

    The quick check of SQLite 3.40 (Debian 12) finds NULL in sound tables without rowid whose key has another order than
    their columns: what it finds is asked of the whole check, which takes longer and does not.
    """
    said = ""
    for check in ("quick_check", "integrity_check"):
        said = str(db.execute(f"pragma {check}({table})").fetchone()[0])
        if said == "ok":
            return ""
    return said
