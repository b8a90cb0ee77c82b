"""What a change of the advisory data means for what was approved or handed out: which releases turned bad.

Pure: two snapshots and what was handed out go in, a list of releases comes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Effect, Subject
from proxy.policy.rules.advisories import advisories
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Turned:
    """A release that the advisory data withholds now and did not before.

    ``move_to`` is the lowest version above it that no advisory matches, or None.
    """

    project: NormalizedName
    version: str
    advisories: tuple[str, ...]
    move_to: str | None


def turned(
    before: PolicySnapshot, after: PolicySnapshot, releases: Iterable[tuple[NormalizedName, str]], at: datetime
) -> list[Turned]:
    """Return which of the releases turned bad between the snapshots, in the order given, each once."""
    moved = after.advisories.changed(before.advisories)
    found = []
    for project, version in dict.fromkeys(releases):
        if project in moved and not refusing(before, project, version, at):
            ids = refusing(after, project, version, at)
            if ids:
                found.append(Turned(project, version, ids, after.advisories.clear_above(project, version)))
    return found


def refusing(snapshot: PolicySnapshot, project: NormalizedName, version: str, at: datetime) -> tuple[str, ...]:
    """Return the ids of the advisories that withhold a release under a snapshot."""
    findings = advisories(Subject(project, version), snapshot, at)
    return tuple(finding.evidence["advisory"] for finding in findings if finding.effect is Effect.FORBID)


def approved_releases(snapshot: PolicySnapshot, projects: Iterable[NormalizedName]) -> list[tuple[NormalizedName, str]]:
    """Return every release of these projects that an approval froze."""
    return [
        (project, version)
        for project in projects
        for grant in snapshot.grants.get(project, ())
        for version in sorted(grant.versions)
    ]
