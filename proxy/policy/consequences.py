"""What a change of the advisory data means for what was approved or handed out: which releases turned bad.

Pure: two snapshots and what was handed out go in, a list of releases comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, Subject
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
    """Return which of the releases turned bad between the snapshots, in the order given, each once.

    Bad is what any channel withholds now and did not before, and what was withheld and is now known as malware.
    """
    moved = after.advisories.changed(before.advisories)
    views = [(before.of_channel(name), after.of_channel(name)) for name in ("", *after.channels)]
    found = []
    for project, version in dict.fromkeys(releases):
        if project in moved:
            ids = dict.fromkeys(name for old, new in views for name in _news(old, new, project, version, at))
            if ids:
                found.append(Turned(project, version, tuple(ids), after.advisories.clear_above(project, version)))
    return found


def _news(
    before: PolicySnapshot, after: PolicySnapshot, project: NormalizedName, version: str, at: datetime
) -> Iterator[str]:
    """Yield the ids that withhold a release now, if that is news."""
    known = {finding.evidence["advisory"]: finding.code for finding in refusing(before, project, version, at)}
    now = {finding.evidence["advisory"]: finding.code for finding in refusing(after, project, version, at)}
    malware = {name for name, code in now.items() if code is Code.MALWARE and known.get(name) is not Code.MALWARE}
    return iter(now if malware or not known else ())


def refusing(snapshot: PolicySnapshot, project: NormalizedName, version: str, at: datetime) -> Iterator[Finding]:
    """Yield what withholds a release in a channel's view because of an advisory."""
    findings = advisories(Subject(project, version), snapshot, at)
    return (finding for finding in findings if finding.effect is Effect.FORBID)


def approved_releases(snapshot: PolicySnapshot, projects: Iterable[NormalizedName]) -> list[tuple[NormalizedName, str]]:
    """Return every release of these projects that an approval froze."""
    return [
        (project, version)
        for project in projects
        for grant in snapshot.grants.get(project, ())
        for version in sorted(grant.versions)
    ]
