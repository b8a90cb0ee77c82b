"""Everything a reviewer wants to know of a project, as plain data: the same for the terminal, the API and the page.

Pure: the page, the release's own words and the verdicts on what it needs go in.

Decided here:

* The release in question is the one asked for, else the newest that would be served if it were approved.
* What stands in the way is told as if it were approved already: that nobody has approved it yet is known.
* Not knowing is said: what has no upload time, no metadata or no licence shows as that, never as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import Approval, Code, Effect, ProjectPage, ReleaseFile, Verdict
from proxy.policy import explaining, releases
from proxy.policy.checking import Checked
from proxy.policy.explaining import Data, ReasonData
from proxy.policy.listing import Composition, Judged
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version
from proxy.simple.described import Described

UNREADABLE_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing that a release needs, as it wrote it, and the answer here; ``problem`` says why there is none."""

    text: str
    project: str = ""
    specifier: str = ""
    marker: str = ""
    answer: Checked | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was gathered: a page as it is judged, and as it would be if all of it were approved.

    ``silence`` says why a release has no words of its own.
    """

    page: ProjectPage
    snapshot: PolicySnapshot
    composition: Composition
    if_approved: Composition
    release: str
    described: Described | None
    silence: str
    needs: Sequence[Needed]


def approving(snapshot: PolicySnapshot, project: NormalizedName) -> PolicySnapshot:
    """Return a policy as it would be if all of a project were approved, but for what runs code on install."""
    everything = Approval("as-if", project, "", (), "", "", datetime.min.replace(tzinfo=UTC), standing=True)
    return snapshot.enforced().supposing(everything)


def unasked(snapshot: PolicySnapshot) -> PolicySnapshot:
    """Return a policy without the terms that ask for what no page tells, to choose what is looked into."""
    return replace(snapshot, terms=replace(snapshot.terms, licences=(), provenance=(), publishers={}))


def candidate(if_approved: Composition, wanted: str = "") -> ReleaseFile | None:
    """Return the file whose release is reviewed: of the version wanted, else of the newest that could be served.

    None where the page lists no file (of that version).
    """
    asked = version(wanted)
    files = [item for item in if_approved.files if not wanted or version(item.file.version) == asked]
    return max(files, key=_fitness).file if files else None


def review(facts: Facts, at: datetime) -> Data:
    """Return the review as JSON data."""
    page, snapshot, composition = facts.page, facts.snapshot, facts.composition
    whole, files = composition.verdict, _of(composition, facts.release)
    return {
        "project": page.project,
        "version": facts.release,
        "revision": whole.revision,
        "status": page.status,
        "allowed": any(item.verdict.allowed for item in files),
        "reasons": explaining.reasons(whole),
        "in_the_way": _in_the_way(_of(facts.if_approved, facts.release)),
        "look_alike": _look_alike(whole),
        "rank": snapshot.names.known.get(page.project),
        "rhythm": releases.rhythm(page.files, at),
        "versions": releases.versions(composition, facts.if_approved, snapshot, at),
        "formats": releases.counted(item.file.kind for item in composition.files),
        "files": [releases.file(item, at) for item in files],
        "provenance": {"with": sum(item.file.provenance is not None for item in files), "of": len(files)},
        "described": _described(facts),
        "needs": [_needed(needed) for needed in facts.needs],
        "unreadable": [f"{row.filename}: {row.problem}" for row in page.unreadable[:UNREADABLE_AT_MOST]],
    }


def _fitness(item: Judged) -> tuple[bool, bool, Version, bool]:
    """Order files by how well they stand for a project: served, no pre-release, the newest, a wheel."""
    found = version(item.file.version) or Version("0.dev0")
    return item.verdict.allowed, not found.is_prerelease, found, item.file.kind == "wheel"


def _of(composition: Composition, release: str) -> list[Judged]:
    return [item for item in composition.files if item.file.version == release]


def _in_the_way(files: Iterable[Judged]) -> list[ReasonData]:
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
