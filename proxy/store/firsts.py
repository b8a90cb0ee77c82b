"""The first file that was handed out under each name, kept for ever: what a name once stood for it stands for.

Whoever comes first is decided by the primary key, in one transaction, whatever the number of workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlite_utils import Database

from proxy.model import ReleaseFile
from proxy.store.rows import instant

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(ReleaseFile).decode


def find(db: Database, project: str, filename: str) -> ReleaseFile | None:
    """Return the first file of a name, None where there was none yet."""
    sql = "select body from first_files where project = ? and filename = ?"
    row = next(db.query(sql, [project, filename]), None)
    return None if row is None else _decode(row["body"])


def keep(db: Database, project: str, file: ReleaseFile, at: datetime) -> ReleaseFile:
    """Keep a file unless its name is taken, and return the one that has the name. Within a transaction."""
    row = [project, file.filename, _encode(file).decode(), instant(at)]
    db.execute("insert into first_files values (?, ?, ?, ?) on conflict do nothing", row)
    return find(db, project, file.filename) or file


def of_project(db: Database, project: str) -> Mapping[str, ReleaseFile]:
    """Return the first files of a project by name."""
    found = db.query("select body from first_files where project = ?", [project])
    return {file.filename: file for file in (_decode(row["body"]) for row in found)}
