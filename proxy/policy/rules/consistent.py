"""Consistency: a file whose name, metadata and page do not agree is refused, whoever approved it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.snapshot import PolicySnapshot

STEP = "Do not install it from elsewhere. The security team has been told."


def consistent(subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files in which something was found that contradicts their name."""
    if subject.file is None or not subject.file.contradiction:
        return ()
    return (inconsistent(subject.file.filename, subject.file.contradiction),)


def contradicted(
    files: Sequence[ReleaseFile], _project: NormalizedName, _snapshot: PolicySnapshot, _at: datetime
) -> list[ReleaseFile]:
    """Pick the files in which something was found that contradicts their name."""
    return [file for file in files if file.contradiction]


def inconsistent(filename: str, problem: str) -> Finding:
    """Return what is said of a file that contradicts itself or its page."""
    return Finding(Code.INCONSISTENT, Effect.FORBID, f"{filename} is not what it says. {problem}", STEP)
