"""The releases of a project as plain data: how often, how old, of which files, and what is known against each.

A release is as old as its oldest file: one that is added later makes nothing younger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from packaging.utils import NormalizedName

from proxy.model import ReleaseFile
from proxy.policy.explaining import Data
from proxy.policy.listing import Composition, Judged
from proxy.policy.ranges import Match
from proxy.policy.snapshot import PolicySnapshot

VERSIONS_AT_MOST = 30
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


def rhythm(files: Iterable[ReleaseFile], at: datetime) -> Data:
    """Return how often a project releases: first and latest, how many in the last year, the usual days between."""
    released: dict[str, datetime | None] = {}
    for file in files:
        known, uploaded = released.get(file.version), file.upload_time
        released[file.version] = min(filter(None, (known, uploaded)), default=None)
    times = sorted(filter(None, released.values()))
    gaps = [(later - earlier) / DAY for earlier, later in pairwise(times)]
    return {
        "releases": len(released),
        "undated": len(released) - len(times),
        "first": times[0].isoformat() if times else None,
        "latest": times[-1].isoformat() if times else None,
        "last_year": sum(at - YEAR <= time <= at for time in times),
        "median_days": round(median(gaps), 1) if gaps else None,
    }


def versions(composition: Composition, if_approved: Composition, snapshot: PolicySnapshot, at: datetime) -> Data:
    """Return the newest versions, each with its age, its files, its answer, that to come, and its advisories."""
    opening = {item.file.version for item in if_approved.allowed}
    by_version: dict[str, list[Judged]] = {}
    for item in composition.files:
        by_version.setdefault(item.file.version, []).append(item)
    shown = list(by_version.items())[:VERSIONS_AT_MOST]
    project = composition.verdict.subject.project
    return {
        "shown": [
            _version(project, found, items, snapshot, at) | {"opens": found in opening} for found, items in shown
        ],
        "more": len(by_version) - len(shown),
    }


def _version(project: NormalizedName, found: str, items: list[Judged], snapshot: PolicySnapshot, at: datetime) -> Data:
    uploaded = min(filter(None, (item.file.upload_time for item in items)), default=None)
    return {
        "version": found,
        "allowed": any(item.verdict.allowed for item in items),
        "codes": sorted({finding.code.value for item in items for finding in item.verdict.refusals}),
        "advisories": [_advisory(match) for match in snapshot.advisories.match(project, found)],
        **_age(uploaded, at),
        "files": counted(item.file.kind for item in items),
        "yanked": next((item.file.yanked for item in items if item.file.yanked is not None), None),
    }


def _advisory(match: Match) -> Data:
    return {
        "id": match.id,
        "severity": match.severity.rating,
        "score": match.severity.score,
        "malicious": match.malicious,
        "summary": match.summary,
        "fixed": match.fixed,
    }


def file(item: Judged, at: datetime) -> Data:
    """Return a file, with what an index says of it."""
    found = item.file
    return {
        "filename": found.filename,
        "kind": found.kind,
        "size": found.size,
        **_age(found.upload_time, at),
        "requires_python": found.requires_python,
        "yanked": found.yanked,
        "provenance": found.provenance is not None,
        "sha256": found.sha256,
        "allowed": item.verdict.allowed,
    }


def _age(uploaded: datetime | None, at: datetime) -> Data:
    return {
        "uploaded": uploaded.isoformat() if uploaded else None,
        "age_days": (at - uploaded).days if uploaded else None,
    }


def counted(kinds: Iterable[str]) -> Mapping[str, int]:
    """Return how many there are of each kind, in the order in which they were met."""
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return counts
