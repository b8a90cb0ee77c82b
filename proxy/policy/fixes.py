"""Fixes that wait: an approved release is withheld by an advisory, and a newer one is clear.

Pure: what is in force and the pages at hand go in; what to approve comes out.

Decided here:

* A fix waits only while nothing newer than the withheld release is served: then nobody has what they need.
* The lowest clear version above is proposed: the smallest step away from what was approved.
* Clear means that it would be served if it were approved as its forerunner was; only what an approver may
  overrule (its age) may stand in the way, and is then named.
* Without a page the advisory's own word for the fixed version is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import Approval, Code, ProjectPage
from proxy.policy.consequences import refusing
from proxy.policy.judge import OVERRULABLE
from proxy.policy.listing import Composition, Judged, compose
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import Grant, PolicySnapshot
from proxy.policy.versions import version

Pages = Mapping[NormalizedName, ProjectPage]


@dataclass(frozen=True, slots=True)
class Fix:
    """A release to be approved because it fixes what was approved.

    ``withheld`` are the approved versions that ``advisories`` withhold. ``acknowledge`` is what its approver
    would overrule; ``uploaded`` is None where no page of the project was at hand.
    """

    project: NormalizedName
    version: str
    channel: str
    withheld: tuple[str, ...]
    advisories: tuple[str, ...]
    acknowledge: tuple[str, ...] = ()
    uploaded: datetime | None = None

    @property
    def requirement(self) -> str:
        """What to approve."""
        return f"{self.project}=={self.version}"


def concerned(snapshot: PolicySnapshot, at: datetime) -> set[NormalizedName]:
    """Return the projects that a fix may wait for in any channel: those whose pages are worth looking at."""
    views = (snapshot.of_channel(channel).enforced() for channel in ("", *snapshot.channels))
    return {project for view in views for project in _affected(view, at)}


def waiting(snapshot: PolicySnapshot, pages: Pages, at: datetime) -> list[Fix]:
    """Return the fixes that wait in any channel; one that waits where a channel inherits from is told once."""
    found: dict[tuple[str, str, str], Fix] = {}
    for channel in sorted(snapshot.channels.keys() | {""}, key=lambda name: len(snapshot.lineage(name))):
        for fix in _in_channel(snapshot.of_channel(channel).enforced(), channel, pages, at):
            if all((step, fix.project, fix.version) not in found for step in snapshot.lineage(channel)):
                found[channel, fix.project, fix.version] = fix
    return list(found.values())


def _affected(view: PolicySnapshot, at: datetime) -> list[NormalizedName]:
    about = view.advisories.packed
    return [
        project
        for project, grants in view.grants.items()
        if project in about and any(_may_be_affected(grant, view, at) for grant in grants)
    ]


def _may_be_affected(grant: Grant, snapshot: PolicySnapshot, at: datetime) -> bool:
    project = grant.approval.project
    return in_force(grant, at) and (
        grant.approval.standing or any(any(refusing(snapshot, project, version, at)) for version in grant.versions)
    )


def _in_channel(view: PolicySnapshot, channel: str, pages: Pages, at: datetime) -> Iterator[Fix]:
    for project in _affected(view, at):
        page = pages.get(project)
        composition = compose(project, page, view, at)
        bad = [judged for judged in composition.files if _is_withheld_though_approved(judged)]
        if not bad:
            continue
        top = _version(bad[0])
        if any(_version(judged) > top for judged in composition.allowed):
            continue
        fix = _above(top, project, view, page, at)
        if fix:
            yield replace(fix, channel=channel, withheld=_versions(bad), advisories=_advisories(bad))


def _is_withheld_though_approved(judged: Judged) -> bool:
    codes = {finding.code for finding in judged.verdict.findings}
    refused = {finding.code for finding in judged.verdict.refusals}
    return bool(codes & {Code.APPROVED, Code.EMERGENCY}) and bool(refused & {Code.VULNERABLE, Code.MALWARE})


def _above(
    top: Version, project: NormalizedName, view: PolicySnapshot, page: ProjectPage | None, at: datetime
) -> Fix | None:
    """Return the lowest clear version above one, without what it fixes."""
    if page is None:
        named = view.advisories.clear_above(project, str(top))
        return Fix(project, named, "", (), ()) if named else None
    composition = _as_if_approved(project, view, page, at)
    listed = {file.filename for file in page.files}
    above = (judged for judged in composition.files if judged.file.filename in listed and _version(judged) > top)
    clear = [judged for judged in above if _is_clear(judged)]
    if not clear:
        return None
    lowest = min(clear, key=lambda judged: (_version(judged), len(judged.verdict.refusals)))
    overrule = tuple(sorted(finding.code.value for finding in lowest.verdict.refusals))
    return Fix(project, lowest.file.version, "", (), (), overrule, lowest.file.upload_time)


def _as_if_approved(project: NormalizedName, view: PolicySnapshot, page: ProjectPage, at: datetime) -> Composition:
    """Judge a project as if every version had been approved as the newest approval in force was."""
    live = [grant.approval for grant in view.grants[project] if in_force(grant, at)]
    pattern = min(live, key=lambda approval: (approval.emergency, -approval.at.timestamp()))
    return compose(project, page, view.supposing(_for_every_version(pattern)), at)


def _for_every_version(approval: Approval) -> Approval:
    return replace(approval, id="as-if", specifier="", files=(), standing=True, until=None, emergency=False)


def _is_clear(judged: Judged) -> bool:
    return {finding.code for finding in judged.verdict.refusals} <= OVERRULABLE


def _version(judged: Judged) -> Version:
    return version(judged.file.version) or Version("0.dev0")


def _versions(judged: Iterable[Judged]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.file.version for item in judged))


def _advisories(judged: Iterable[Judged]) -> tuple[str, ...]:
    found = (finding for item in judged for finding in item.verdict.refusals)
    return tuple(dict.fromkeys(finding.evidence["advisory"] for finding in found if "advisory" in finding.evidence))
