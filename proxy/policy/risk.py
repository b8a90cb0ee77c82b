"""How much a reviewer should look at a release: points for what is known to go wrong, and a word for each.

An order to read in and nothing else: no decision asks for it. Points add up to at most 100:

* 40 for a name that looks like another (10 where that is only a warning);
* for the worst known vulnerability 40 (critical), 30 (high), 20 (unrated), 15 (medium) or 5 (low);
* 20 for files younger than a week or without an upload time, 10 younger than a month;
* 15 where a source archive was installed: it runs code on install;
* 20 for a project that is not among the popular ones, 5 beyond the first thousand of them;
* 5 where one client alone wanted it, or none that is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile
from proxy.policy.snapshot import Names

HIGH, MEDIUM = 40, 20
_ADVISORY = {"critical": 40, "high": 30, "unknown": 20, "medium": 15, "low": 5, "none": 0}
_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)
_WELL_KNOWN = 1_000

Point = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Risk:
    """Points from 0 to 100, and what they were given for, the gravest first."""

    score: int
    because: tuple[str, ...]

    @property
    def level(self) -> Literal["high", "medium", "low"]:
        """The points in one word."""
        return "high" if self.score >= HIGH else "medium" if self.score >= MEDIUM else "low"


def risk(
    project: NormalizedName,
    files: Sequence[ReleaseFile],
    findings: Iterable[Finding],
    clients: int,
    names: Names,
    at: datetime,
) -> Risk:
    """Weigh a release by its files, by what the rules find about them, and by who wants it."""
    found = tuple(findings)
    points = [*_look_alike(found), *_advisory(found), *_age(files, at), *_popularity(project, names)]
    if any(file.kind != "wheel" for file in files):
        points.append((15, "a source archive: it runs code on install"))
    if clients < 2:
        points.append((5, "wanted by one client alone"))
    points.sort(key=lambda point: -point[0])
    return Risk(min(sum(score for score, _ in points), 100), tuple(why for _, why in points))


def _look_alike(findings: Iterable[Finding]) -> Iterator[Point]:
    for finding in findings:
        if finding.code is Code.LOOK_ALIKE:
            yield (10 if finding.effect is Effect.ADVISE else 40), f"looks like {finding.evidence.get('target')}"
            return


def _advisory(findings: Iterable[Finding]) -> Iterator[Point]:
    rated = [
        (_ADVISORY.get(finding.evidence.get("severity", "unknown"), 20), finding)
        for finding in findings
        if finding.code is Code.VULNERABLE
    ]
    if rated:
        points, worst = max(rated, key=lambda pair: pair[0])
        yield points, f"{worst.evidence.get('advisory')} ({worst.evidence.get('severity', 'unknown')})"


def _age(files: Iterable[ReleaseFile], at: datetime) -> Iterator[Point]:
    uploaded = [file.upload_time for file in files]
    if None in uploaded:
        yield 20, "without an upload time"
        return
    age = min((at - time for time in uploaded if time), default=_MONTH)
    if age < _MONTH:
        yield (20 if age < _WEEK else 10), f"{max(age.days, 0)} days old"


def _popularity(project: NormalizedName, names: Names) -> Iterator[Point]:
    rank = names.known.get(project)
    if rank is None:
        yield 20, "not among the popular projects"
    elif rank > _WELL_KNOWN:
        yield 5, "little known"
