"""What a project's page shows: the files that are allowed, and a word for each version that is not.

Facts of approved files come from the approval that pinned them: an upstream may take a file away
(yank, quarantine) but neither change one nor, by forgetting it, undo what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import ProjectPage, ReleaseFile, Subject, Verdict
from proxy.policy.judge import judge, judge_files
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version


@dataclass(frozen=True, slots=True)
class Judged:
    """A file and the verdict on it."""

    file: ReleaseFile
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Composition:
    """One project, judged: as a whole and file by file, newest version first.

    ``changed`` are files that the upstream lists with other bytes than were approved.
    """

    verdict: Verdict
    files: tuple[Judged, ...]
    changed: tuple[ReleaseFile, ...] = ()
    status: str = "active"
    status_reason: str | None = None

    @property
    def allowed(self) -> tuple[Judged, ...]:
        """The files that are served."""
        return tuple(judged for judged in self.files if judged.verdict.allowed)

    @property
    def withheld(self) -> Mapping[str, Judged]:
        """Per version of which nothing is served, the file that best says why (a wheel if there is one)."""
        served = {judged.file.version for judged in self.allowed}
        found: dict[str, Judged] = {}
        for judged in self.files:
            at = judged.file.version
            if at not in served and (at not in found or (found[at].file.kind, judged.file.kind) == ("sdist", "wheel")):
                found[at] = judged
        return found

    @property
    def until(self) -> datetime | None:
        """The next moment at which time alone may change anything here."""
        moments = [self.verdict.until, *(judged.verdict.until for judged in self.files)]
        return min(filter(None, moments), default=None)


@dataclass(frozen=True, slots=True)
class _Merged:
    files: list[ReleaseFile] = field(default_factory=list)
    changed: list[ReleaseFile] = field(default_factory=list)


def compose(project: NormalizedName, page: ProjectPage | None, snapshot: PolicySnapshot, at: datetime) -> Composition:
    """Judge a project with everything its page and its approvals know of it."""
    status, reason = (page.status, page.status_reason) if page else ("active", None)
    merged = _merge(page.files if page else (), snapshot.pinned(project))
    verdicts = judge_files(project, merged.files, snapshot, at, status)
    judged = [Judged(file, verdict) for file, verdict in zip(merged.files, verdicts, strict=True)]
    whole = judge(Subject(project, status=status), snapshot, at)
    return Composition(whole, tuple(newest_first(judged)), tuple(merged.changed), status, reason)


def newest_first(judged: Iterable[Judged]) -> list[Judged]:
    """Sort by version, the newest first; files of one version keep their order."""
    by_version: dict[str, list[Judged]] = {}
    for item in judged:
        by_version.setdefault(item.file.version, []).append(item)
    newest = sorted(by_version, key=lambda text: version(text) or _OLDEST, reverse=True)
    return [item for text in newest for item in by_version[text]]


def _merge(listed: Iterable[ReleaseFile], pinned: Mapping[str, ReleaseFile]) -> _Merged:
    """Lay the pinned files over the listed ones: their bytes are decided, their yanking is upstream's."""
    merged = _Merged()
    missing = dict(pinned)
    for file in listed:
        pin = missing.pop(file.filename, None)
        if pin is None:
            merged.files.append(file)
            continue
        same = (pin.yanked, pin.provenance) == (file.yanked, file.provenance)
        merged.files.append(pin if same else replace(pin, yanked=file.yanked, provenance=file.provenance))
        if file.sha256 != pin.sha256:
            merged.changed.append(file)
    merged.files.extend(missing.values())
    return merged


_OLDEST = Version("0.dev0")
