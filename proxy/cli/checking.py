"""What the gate says to everything that files name, and which of their addresses go round it."""

from __future__ import annotations

from collections.abc import Sequence

from proxy.cli.desk import Data, Desk
from proxy.cli.inputs import WORDS, applying
from proxy.locks import Locked, Reading
from proxy.locks.detours import Detour, detours
from proxy.locks.nouns import Where

AT_ONCE = 250
"""Requirements in one request: a lock with their digests and addresses stays well below what the gate takes."""


def checked(desk: Desk, channel: str, readings: Sequence[Reading]) -> Data:
    """Return what :func:`proxy.reports.read` takes: answers with their places, detours, what could not be read."""
    wanted = [locked for reading in readings for locked in applying(reading)]
    path = f"/{channel}/check" if channel else "/check"
    answers = [desk.index("POST", path, json=list(map(_asked, part))) for part in _parts(wanted)]
    results = [result for answer in answers for result in answer["results"]]
    ways = {url: new for result in results for url, new in result["instead"].items()}
    last = answers[-1]
    gates = {last["url"], f"{desk.url}/{channel}".rstrip("/")}
    return {
        "results": [_placed(result, locked) for result, locked in zip(results, wanted, strict=True)],
        "detours": [_detour(found, ways, last["url"]) for reading in readings for found in detours(reading, gates)],
        "unreadable": [str(fault) for reading in readings for fault in reading.faults],
        "aside": [str(remark) for reading in readings for remark in reading.aside],
        **{name: last[name] for name in ("at", "revision", "advisory_data")},
    }


def _parts(wanted: Sequence[Locked]) -> list[Sequence[Locked]]:
    """Part what is asked into requests; the gate is asked even where there is nothing, for what it is called."""
    return [wanted[at : at + AT_ONCE] for at in range(0, len(wanted) or 1, AT_ONCE)]


def _asked(locked: Locked) -> Data:
    return {
        "name": locked.project,
        "specifier": locked.specifier,
        "version": locked.version,
        "sha256s": list(locked.sha256s),
        "urls": list(locked.urls),
    }


def _placed(result: Data, locked: Locked) -> Data:
    kept = {key: value for key, value in result.items() if key != "instead"}
    return kept | {"at": str(locked.where), "file": _file(locked.where), "line": locked.where.line}


def _detour(found: Detour, ways: dict[str, str], gate: str) -> Data:
    instead = f"{gate}/simple/" if found.kind == "index" else ways.get(found.url)
    place = {"at": str(found.where), "file": _file(found.where), "line": found.where.line}
    return {"url": found.url, "kind": found.kind, "project": found.project, "instead": instead} | place


def _file(where: Where) -> str:
    return "" if where.file == WORDS else where.file
