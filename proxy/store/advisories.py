"""Advisory records in the embedded store: each record whole, and per project what matching needs.

A project's records are packed together once, when they change, so that a start reads one blob a
project and compiles only what is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlite_utils import Database

from proxy.model import Advisory
from proxy.policy import ranges
from proxy.store import AdvisoryRow
from proxy.store.rows import instant

records = msgspec.msgpack.Decoder(Advisory)


class AdvisoryTables:
    """Writes inside the caller's transaction, on the caller's connection."""

    def __init__(self, writer: Database) -> None:
        self._db = writer

    def write(self, put: Iterable[AdvisoryRow], forget: Sequence[str]) -> None:
        """Keep the records put (replacing by id), drop those to forget, and repack what they touch."""
        touched: set[str] = set()
        for record_id in forget:
            touched |= self._unlink(record_id)
            self._db.execute("delete from advisories where id = ?", [record_id])
        for row in put:
            touched |= self._unlink(row.advisory.id)
            touched |= self._keep(row)
        for project in touched:
            self._repack(project)

    def _unlink(self, record_id: str) -> set[str]:
        links = self._db.query("select project from advisory_links where id = ?", [record_id])
        projects = {str(link["project"]) for link in links}
        if projects:
            self._db.execute("delete from advisory_links where id = ?", [record_id])
        return projects

    def _keep(self, row: AdvisoryRow) -> set[str]:
        advisory = row.advisory
        self._db.execute(
            "insert or replace into advisories values (?, ?, ?, ?)",
            [advisory.id, instant(advisory.modified), row.digest, msgspec.msgpack.encode(advisory)],
        )
        projects = {str(affected.project) for affected in advisory.affected}
        for project in projects:
            self._db.execute("insert or ignore into advisory_links values (?, ?)", [advisory.id, project])
        return projects

    def _repack(self, project: str) -> None:
        found = self._db.query(
            "select record from advisories join advisory_links using (id) where project = ? order by id",
            [project],
        )
        found_records = [records.decode(row["record"]) for row in found]
        if found_records:
            packed = ranges.pack(found_records, project)
            self._db.execute("insert or replace into advisory_projects values (?, ?)", [project, packed])
        else:
            self._db.execute("delete from advisory_projects where project = ?", [project])
