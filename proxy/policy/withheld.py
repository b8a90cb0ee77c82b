"""What turned bad: releases that were approved or handed out, and are refused now.

Pure: a snapshot and what was handed out go in, a list of releases comes out.

Decided here:

* Bad is what an advisory or a prohibition refuses, in whatever channel. What waits for its age was never good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.consequences import approved_releases, refusing
from proxy.policy.rules.prohibited import prohibited
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Withheld:
    """A release that turned bad: why, in which channels, and the lowest version above it that no advisory matches."""

    project: NormalizedName
    version: str
    approved: bool
    findings: tuple[Finding, ...]
    channels: tuple[str, ...]
    move_to: str | None


def suspects(snapshot: PolicySnapshot) -> set[NormalizedName]:
    """Return the projects of which something may have turned bad."""
    return {*map(NormalizedName, snapshot.advisories.packed), *snapshot.prohibitions}


def withheld(
    snapshot: PolicySnapshot, handed_out: Iterable[tuple[NormalizedName, str]], at: datetime
) -> list[Withheld]:
    """Return what turned bad of what is approved or was handed out: malware first, then what somebody has, by name."""
    approved = approved_releases(snapshot, suspects(snapshot) & snapshot.grants.keys())
    views = {name: snapshot.of_channel(name) for name in ("", *snapshot.channels)}
    found, held = [], set(handed_out)
    for project, version in {*approved, *held}:
        against = {name: tuple(_against(view, project, version, at)) for name, view in views.items()}
        channels = tuple(name for name, findings in against.items() if findings)
        findings = {finding.sentence: finding for findings in against.values() for finding in findings}
        if channels:
            move_to = snapshot.advisories.clear_above(project, version)
            is_approved = (project, version) in approved
            found.append(Withheld(project, version, is_approved, tuple(findings.values()), channels, move_to))
    return sorted(found, key=lambda bad: (not _is_malware(bad), (bad.project, bad.version) not in held, *_name(bad)))


def _against(view: PolicySnapshot, project: NormalizedName, version: str, at: datetime) -> Iterator[Finding]:
    yield from refusing(view, project, version, at)
    refused = prohibited(Subject(project, version), view, at)
    yield from (finding for finding in refused if finding.effect is Effect.FORBID)


def _is_malware(bad: Withheld) -> bool:
    return any(finding.code is Code.MALWARE for finding in bad.findings)


def _name(bad: Withheld) -> tuple[str, str]:
    return bad.project, bad.version
