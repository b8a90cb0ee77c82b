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
        known = self._ids()
        touched: set[str] = set()
        fresh: dict[str, list[Advisory]] = {}
        for record_id in forget:
            touched |= self._unlink(record_id)
            self._db.execute("delete from advisories where id = ?", [record_id])
        for row in put:
            if row.advisory.id in known:
                touched |= self._unlink(row.advisory.id)
            for project in self._keep(row):
                fresh.setdefault(project, []).append(row.advisory)
        packed = self._packed_projects()
        for project in touched | (fresh.keys() & packed):
            self._repack(project)
        for project in fresh.keys() - packed - touched:
            self._pack(project, fresh[project])

    def _ids(self) -> set[str]:
        return {str(row["id"]) for row in self._db.query("select id from advisories")}

    def _packed_projects(self) -> set[str]:
        return {str(row["project"]) for row in self._db.query("select project from advisory_projects")}

    def _unlink(self, record_id: str) -> set[str]:
        links = self._db.query("select project from advisory_links where id = ?", [record_id])
        projects = {str(link["project"]) for link in links}
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
        """Pack everything that is kept about a project."""
        found = self._db.query(
            "select record from advisories join advisory_links using (id) where project = ? order by id", [project]
        )
        kept = [records.decode(row["record"]) for row in found]
        if kept:
            self._pack(project, kept)
        else:
            self._db.execute("delete from advisory_projects where project = ?", [project])

    def _pack(self, project: str, about: list[Advisory]) -> None:
        packed = ranges.pack(about, project)
        self._db.execute("insert or replace into advisory_projects values (?, ?)", [project, packed])
