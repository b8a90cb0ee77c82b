"""Advisory records in the embedded store: each record whole, and per project what matching needs.

A project's records are packed together once, when they change, so that a start reads one blob a
project and compiles only what is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

import msgspec
from sqlite_utils import Database

from proxy.model import Advisory
from proxy.policy import packing
from proxy.store import AdvisoryRow, advised
from proxy.store.rows import instant

records = msgspec.msgpack.Decoder(Advisory)

_Parts = dict[str, bytes]
"""What matching needs of records about one project, by their ids."""

_PROJECTS: Final = "select project from advisory_links where id = ?"
_ABOUT: Final = "select id, record from advisories join advisory_links using (id) where project = ?"


class AdvisoryTables:
    """Writes inside the caller's transaction, on the caller's connection."""

    def __init__(self, writer: Database) -> None:
        self._db = writer

    def write(self, put: Iterable[AdvisoryRow], forget: Sequence[str]) -> Mapping[str, str]:
        """Keep the records put (replacing by id), drop those to forget. Returns what the event must vouch for."""
        rows = iter(put)
        first = next(rows, None)
        if first is None and not forget:
            return {}
        edited = advised.before(self._db)
        self._write(chain([first] if first else (), rows), forget)
        return {**edited, advised.AFTER: advised.digest(self._db)}

    def _write(self, put: Iterable[AdvisoryRow], forget: Sequence[str]) -> None:
        """Write the records and repack what they touch."""
        known, packed = self._all("select id from advisories"), self._all("select project from advisory_projects")
        touched: set[str] = set()
        fresh: dict[str, _Parts] = {}
        for identity in forget:
            touched |= self._unlink(identity)
            self._db.execute("delete from advisories where id = ?", [identity])
        for row in put:
            if row.id in known:
                touched |= self._unlink(row.id)
            self._keep(row)
            for project, part in row.about:
                fresh.setdefault(project, {})[row.id] = part
        for project in touched | fresh.keys():
            parts = fresh.get(project, {})
            if project in touched or project in packed:
                parts |= self._kept(project, parts)
            self._pack(project, parts)

    def _all(self, sql: str) -> set[str]:
        return {text for (text,) in self._db.execute(sql)}

    def _unlink(self, identity: str) -> set[str]:
        projects = {project for (project,) in self._db.execute(_PROJECTS, [identity])}
        self._db.execute("delete from advisory_links where id = ?", [identity])
        return projects

    def _keep(self, row: AdvisoryRow) -> None:
        kept = [row.id, instant(row.modified), row.digest, row.record]
        self._db.execute("insert or replace into advisories values (?, ?, ?, ?)", kept)
        for project, _ in row.about:
            self._db.execute("insert or ignore into advisory_links values (?, ?)", [row.id, project])

    def _kept(self, project: str, besides: Collection[str]) -> _Parts:
        """Return what matching needs of the records that are kept about a project, besides these."""
        found = self._db.execute(_ABOUT, [project])
        kept = ((identity, records.decode(packed)) for identity, packed in found if identity not in besides)
        return {identity: packing.about(record, project) for identity, record in kept}

    def _pack(self, project: str, parts: _Parts) -> None:
        """Pack everything that there is about a project."""
        if parts:
            packed = [project, packing.join(parts.items())]
            self._db.execute("insert or replace into advisory_projects values (?, ?)", packed)
        else:
            self._db.execute("delete from advisory_projects where project = ?", [project])
