"""Yanked files (PEP 592): what its maintainers took back stays available to whoever pinned it, and says why.

An approval takes yanked files in only where it says so (:mod:`proxy.policy.rules.approved`); what was approved
before it was yanked goes on being served, as an index does, with the reason for everybody to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.snapshot import PolicySnapshot


def yanked(subject: Subject, _snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Say that a file was yanked, and why."""
    file = subject.file
    if file is None or file.yanked is None:
        return ()
    sentence = f"{file.filename} was yanked by its maintainers: {file.yanked or 'no reason given'}"
    return (Finding(Code.YANKED, Effect.ADVISE, sentence, "Move to a version that was not."),)


def taken_back(
    files: Sequence[ReleaseFile], _project: NormalizedName, _snapshot: PolicySnapshot, _at: datetime
) -> list[ReleaseFile]:
    """Pick the files that were yanked."""
    return [file for file in files if file.yanked is not None]
