"""Everything a reviewer wants to know of a project, as plain data: the same for the terminal, the API and the page.

Pure: the page, the release's own words and the verdicts on what it needs go in.

Decided here:

* The release in question is the one asked for, else the newest that would be served if it were approved.
* What stands in the way is told as if it were approved already: that nobody has approved it yet is known.
* Not knowing is said: what has no upload time, no metadata or no licence shows as that, never as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import Approval, Code, Effect, ProjectPage, ReleaseFile, Verdict
from proxy.policy import explaining
from proxy.policy.explaining import Answer, Data
from proxy.policy.listing import Composition, Judged, compose
from proxy.policy.ranges import Match
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version
from proxy.simple.described import Described

VERSIONS_AT_MOST = 30
UNREADABLE_AT_MOST = 10
DAY = timedelta(days=1)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing that a release needs, as it wrote it, and the answer here; ``problem`` says why there is none."""

    text: str
    project: str = ""
    specifier: str = ""
    marker: str = ""
    answer: Answer | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was gathered. ``silence`` says why a release has no words of its own."""

    page: ProjectPage
    snapshot: PolicySnapshot
    release: str
    described: Described | None
    silence: str
    needs: Sequence[Needed]


def candidate(page: ProjectPage, snapshot: PolicySnapshot, at: datetime, wanted: str = "") -> ReleaseFile | None:
    """Return the file whose release is reviewed: of the version wanted, else of the newest that could be served.

    None where the page lists no file (of that version).
    """
    asked = version(wanted)
    files = [
        item for item in _if_approved(page, snapshot, at).files if not wanted or version(item.file.version) == asked
    ]
    return max(files, key=_fitness).file if files else None


def review(facts: Facts, at: datetime) -> Data:
    """Return the review as JSON data."""
    page, snapshot = facts.page, facts.snapshot
    composition = compose(page.project, page, snapshot, at)
    whole, files = composition.verdict, _of(composition, facts.release)
    return {
        "project": page.project,
        "version": facts.release,
        "revision": whole.revision,
        "status": page.status,
        "allowed": any(item.verdict.allowed for item in files),
        "reasons": explaining.reasons(whole),
        "in_the_way": _in_the_way(_of(_if_approved(page, snapshot, at), facts.release)),
        "look_alike": _look_alike(whole),
        "rank": snapshot.names.known.get(page.project),
        "rhythm": _rhythm(page.files, at),
        "versions": _versions(composition, snapshot, at),
        "formats": _counted(item.file.kind for item in composition.files),
        "files": [_file(item, at) for item in files],
        "provenance": {"with": sum(item.file.provenance is not None for item in files), "of": len(files)},
        "described": _described(facts),
        "needs": [_needed(needed) for needed in facts.needs],
        "unreadable": [f"{row.filename}: {row.problem}" for row in page.unreadable[:UNREADABLE_AT_MOST]],
    }


def _if_approved(page: ProjectPage, snapshot: PolicySnapshot, at: datetime) -> Composition:
    nobody = Approval("as-if", page.project, "", (), "", "", at, standing=True)
    return compose(page.project, page, snapshot.amended([nobody], (), snapshot.revision), at)


def _fitness(item: Judged) -> tuple[bool, bool, Version, bool]:
    """Order files by how well they stand for a project: served, no pre-release, the newest, a wheel."""
    found = version(item.file.version) or Version("0.dev0")
    return item.verdict.allowed, not found.is_prerelease, found, item.file.kind == "wheel"


def _of(composition: Composition, release: str) -> list[Judged]:
    return [item for item in composition.files if item.file.version == release]


def _in_the_way(files: Iterable[Judged]) -> list[Data]:
    """Return what would keep every file of a release shut although it were approved."""
    verdicts = [item.verdict for item in files]
    if any(verdict.allowed for verdict in verdicts):
        return []
    found = {(finding.code, finding.sentence): finding for verdict in verdicts for finding in verdict.refusals}
    return [explaining.reason(finding) for finding in found.values()]


def _look_alike(verdict: Verdict) -> Data | None:
    for finding in verdict.findings:
        if finding.code is Code.LOOK_ALIKE:
            level = "refused" if finding.effect is Effect.FORBID else "advice"
            return {"target": finding.evidence["target"], "level": level, "sentence": finding.sentence}
    return None


def _rhythm(files: Iterable[ReleaseFile], at: datetime) -> Data:
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


def _versions(composition: Composition, snapshot: PolicySnapshot, at: datetime) -> Data:
    by_version: dict[str, list[Judged]] = {}
    for item in composition.files:
        by_version.setdefault(item.file.version, []).append(item)
    shown = list(by_version.items())[:VERSIONS_AT_MOST]
    project = composition.verdict.subject.project
    return {
        "shown": [_version(project, found, items, snapshot, at) for found, items in shown],
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
        "files": _counted(item.file.kind for item in items),
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


def _file(item: Judged, at: datetime) -> Data:
    file = item.file
    return {
        "filename": file.filename,
        "kind": file.kind,
        "size": file.size,
        **_age(file.upload_time, at),
        "requires_python": file.requires_python,
        "yanked": file.yanked,
        "provenance": file.provenance is not None,
        "sha256": file.sha256,
        "allowed": item.verdict.allowed,
    }


def _age(uploaded: datetime | None, at: datetime) -> Data:
    return {
        "uploaded": uploaded.isoformat() if uploaded else None,
        "age_days": (at - uploaded).days if uploaded else None,
    }


def _counted(kinds: Iterable[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def _described(facts: Facts) -> Data:
    said = facts.described
    if said is None:
        return {"known": False, "silence": facts.silence}
    return {
        "known": True,
        "summary": said.summary,
        "licence": said.licence or None,
        "spdx": said.spdx,
        "requires_python": said.requires_python or None,
        "people": list(said.people),
        "links": [{"label": label, "url": url} for label, url in said.links],
    }


def _needed(needed: Needed) -> Data:
    answer = needed.answer
    return {
        "requirement": needed.text,
        "project": needed.project,
        "specifier": needed.specifier,
        "marker": needed.marker,
        "verdict": "unknown" if answer is None else "allowed" if answer.allowed else "refused",
        "version": answer.version if answer else None,
        "reasons": explaining.reasons(answer.verdict) if answer and not answer.allowed else [],
        "problem": needed.problem,
    }
