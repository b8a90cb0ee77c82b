"""The answer to every question: a verdict made of findings, each with its code and its sentence.

These three are structs and no dataclasses: a page of thousands makes as many of each, and a struct costs a tenth of
the time to make and nothing when garbage is looked for. ``msgspec.structs.replace`` is their ``replace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from packaging.utils import NormalizedName

from proxy.model.index import ReleaseFile


class Effect(StrEnum):
    """What a finding does to the answer."""

    PERMIT = "permit"
    FORBID = "forbid"
    OBSERVE = "observe"
    """Would forbid, were the policy enforced."""
    ADVISE = "advise"


class Code(StrEnum):
    """Why, in one word. The one vocabulary of API, audit, metrics and ``--acknowledge``."""

    APPROVED = "approved"
    NOT_APPROVED = "not-approved"
    LATE_FILE = "late-file"
    PRERELEASE = "pre-release"
    SDIST = "sdist"
    LEGACY = "legacy-format"
    ENDED = "approval-ended"
    PROHIBITED = "prohibited"
    LOOK_ALIKE = "look-alike"
    INTERNAL = "internal-name"
    MALFORMED = "malformed-name"
    UNKNOWN_NAME = "unknown-name"
    UNKNOWN_FILE = "unknown-file"
    MALWARE = "malware"
    VULNERABLE = "vulnerable"
    WAIVED = "waived"
    EMERGENCY = "emergency"
    TOO_NEW = "too-new"
    FIX = "fix-released-early"
    FROZEN = "frozen"
    LICENCE = "licence"
    LICENCE_UNKNOWN = "licence-unknown"
    PROVENANCE = "provenance"
    FOREIGN_ORIGIN = "foreign-origin"
    NO_DIGEST = "no-sha256"
    CHANGED = "changed-upstream"
    YANKED = "yanked"
    QUARANTINED = "quarantined"
    INCONSISTENT = "inconsistent"
    OBSERVED = "observed"
    ADVISORIES_UNKNOWN = "advisories-unknown"
    ADVISORIES_STALE = "advisories-stale"
    ADVISORIES_OLD = "advisories-old"
    ADVISORIES_FRESH = "advisories-fresh"
    RULE_FAILED = "rule-failed"


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What is asked about: a project, one version of it, or one file of that version.

    ``status`` is the project's PEP 792 marker, where a page gave one.
    """

    project: NormalizedName
    version: str | None = None
    file: ReleaseFile | None = None
    status: str = "active"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One thing one rule has to say: an effect, a code, a sentence and, for people, a next step.

    ``until`` is the moment at which the passing of time alone may end this finding.
    ``evidence`` is flat text by name: advisory ids, the target of a look-alike, dates.
    """

    code: Code
    effect: Effect
    sentence: str
    next_step: str = ""
    until: datetime | None = None
    evidence: Mapping[str, str] = msgspec.field(default_factory=dict)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """Every finding about one subject under one revision. Allowed is derived, never stored."""

    subject: Subject
    revision: int
    findings: tuple[Finding, ...]

    @property
    def allowed(self) -> bool:
        """At least one permit and not one forbid; nothing said means no."""
        permitted = False
        for finding in self.findings:
            if finding.effect is Effect.FORBID:
                return False
            permitted = permitted or finding.effect is Effect.PERMIT
        return permitted

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """The findings that forbid, in the order of the rules."""
        return tuple(finding for finding in self.findings if finding.effect is Effect.FORBID)

    @property
    def observed(self) -> tuple[Finding, ...]:
        """The findings that would forbid if the policy were enforced (observe mode)."""
        return tuple(finding for finding in self.findings if finding.effect is Effect.OBSERVE)

    @property
    def until(self) -> datetime | None:
        """The next moment at which time alone may change this verdict."""
        until = None
        for finding in self.findings:  # asked of every file of a page: min() over a generator costs twice as much
            if finding.until is not None and (until is None or finding.until < until):
                until = finding.until
        return until
