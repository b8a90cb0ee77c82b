"""What is served now, as far as exports need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import ReleaseFile
from proxy.policy.versions import is_prerelease, version


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project with the files of it that are served."""

    project: NormalizedName
    version: str
    files: tuple[ReleaseFile, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """An approved project of which nothing is served, and why."""

    project: NormalizedName
    reason: str


@dataclass(frozen=True, slots=True)
class ApprovedSet:
    """Everything that a channel serves at one revision, sorted. ``url`` is the channel's, without a last slash.

    ``at`` is when the newest approval in it was given.
    """

    url: str
    revision: int
    at: datetime
    releases: tuple[Release, ...]
    withheld: tuple[Withheld, ...]

    @property
    def index(self) -> str:
        """The index URL of the channel."""
        return f"{self.url}/simple/"

    @property
    def title(self) -> str:
        """What this is, in words."""
        return f"{self.index} at policy revision {self.revision}"

    def newest(self) -> list[Release]:
        """Return one release of each project: the newest that is no pre-release, else the newest."""
        best: dict[NormalizedName, Release] = {}
        for release in self.releases:
            if release.project not in best or _rank(release) > _rank(best[release.project]):
                best[release.project] = release
        return list(best.values())


def released(project: NormalizedName, files: Iterable[ReleaseFile]) -> list[Release]:
    """Return files by version, the oldest first."""
    by_version: dict[str, list[ReleaseFile]] = {}
    for file in files:
        by_version.setdefault(file.version, []).append(file)
    found = [
        Release(project, number, tuple(sorted(served, key=lambda file: file.filename)))
        for number, served in by_version.items()
    ]
    return sorted(found, key=_rank)


def _rank(release: Release) -> tuple[bool, bool, object]:
    found = version(release.version)
    return not is_prerelease(release.version), found is not None, found
