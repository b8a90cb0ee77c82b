"""The few things that every table of the embedded store needs: single values, inserts, clauses, errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from sqlite_utils import Database

from proxy.errors import StoreError

_ROWS_AT_ONCE = 64


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what SQLite raises into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The database cannot be used: {error}") from error


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
