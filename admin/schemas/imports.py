"""Imports: what the admin API takes, and what it tells of what was or would be opened."""

from __future__ import annotations

import posixpath
from dataclasses import asdict
from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from admin.actions import Wish
from admin.actions.imports import Fault, Imported, Item, Step
from admin.schemas.given import ChannelName, Flag, Later, Reason, Strict
from admin.schemas.told_acts import OutcomeOut, outcome_data
from proxy import locks
from proxy.locks.decoding import BYTES_AT_MOST
from proxy.locks.nouns import Where
from proxy.locks.requirements import INCLUDED_AT_MOST


class FileIn(Strict):
    """A file as it stands on somebody's disk."""

    name: str = Field(min_length=1, max_length=1000, examples=["uv.lock"], description="Its path, with /.")
    content: str = Field(max_length=BYTES_AT_MOST)


class ImportIn(Strict):
    """A lock, requirements file or SBOM whose releases are to be approved. With ``dry_run`` it is only shown."""

    files: list[FileIn] = Field(
        min_length=1,
        max_length=INCLUDED_AT_MOST + 1,
        description="The first is read; it may include the others.",
        examples=[[{"name": "requirements.txt", "content": "flask==3.0.0\n"}]],
    )
    kind: Literal["requirements", "pylock", "uv", "poetry", "pdm", "pipfile", "cyclonedx", "spdx"] | None = Field(
        None, description="Of which kind the first one is; told by its name and content where nothing is said."
    )
    reason: Reason
    sdists: Flag = Field(False, description="Source archives run code on install.")
    yanked: Flag = False
    legacy: Flag = False
    acknowledge: list[str] = Field(default_factory=list, max_length=100, examples=[["look-alike:requests"]])
    until: Later | None = None
    ticket: str = Field("", max_length=200)
    channel: ChannelName = ""
    dry_run: Flag = False
    skip_faulty: Flag = Field(False, description="Import what can be, though some of it cannot.")

    def wish(self) -> Wish:
        """Return what the action takes."""
        given = self.model_dump(exclude={"files", "kind", "dry_run", "skip_faulty", "acknowledge"})
        return Wish(requirement="", **given, acknowledge=tuple(self.acknowledge))

    def reading(self) -> locks.Reading:
        """Read the file that was given."""
        files = {posixpath.normpath(file.name): file.content.encode(errors="replace") for file in self.files}
        first = posixpath.normpath(self.files[0].name)
        return locks.read(first, files[first], self.kind or "", files.get)


class WhereOut(TypedDict):
    """A place in a file; ``line`` is 0 where the format has none."""

    file: str
    line: int
    entry: str


class FaultOut(TypedDict):
    """Why one entry cannot be imported, and what may be acknowledged to overrule it."""

    where: WhereOut
    at: str
    sentence: str
    project: str
    version: str
    acknowledge: str | None


class ReleaseOut(TypedDict):
    """One release of a file; ``outcome`` is None where it is open already."""

    project: str
    version: str
    at: str
    where: WhereOut
    state: Literal["new", "open"]
    outcome: OutcomeOut | None


class ImportOut(TypedDict):
    """What an import did, or would do where it was not ``granted``; ``aside`` is what was not understood."""

    kind: str
    revision: int
    granted: bool
    releases: list[ReleaseOut]
    faults: list[FaultOut]
    aside: list[str]


def step_data(step: Step) -> dict[str, object]:
    """Return how far an import is as JSON data."""
    return asdict(step)


def fault_data(fault: Fault) -> FaultOut:
    """Return why one entry cannot be imported as JSON data."""
    return {
        "where": _where(fault.where),
        "at": str(fault.where),
        "sentence": fault.sentence,
        "project": fault.project,
        "version": fault.version,
        "acknowledge": fault.acknowledge or None,
    }


def import_data(imported: Imported, reading: locks.Reading) -> ImportOut:
    """Return what an import did, or would do, as JSON data."""
    return {
        "kind": reading.kind,
        "revision": imported.revision,
        "granted": imported.event is not None,
        "releases": sorted(map(_item_data, imported.items), key=lambda release: release["project"]),
        "faults": [fault_data(fault) for fault in imported.faults],
        "aside": [str(remark) for remark in reading.aside],
    }


def _where(where: Where) -> WhereOut:
    return {"file": where.file, "line": where.line, "entry": where.entry}


def _item_data(item: Item) -> ReleaseOut:
    return {
        "project": item.pin.project,
        "version": item.pin.version,
        "at": str(item.pin.where),
        "where": _where(item.pin.where),
        "state": "new" if item.outcome else "open",
        "outcome": outcome_data(item.outcome) if item.outcome else None,
    }
