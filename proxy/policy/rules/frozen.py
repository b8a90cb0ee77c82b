"""The freeze: during an outbreak nothing that was uploaded after a moment is served.

An upload time that is missing or made up counts as after it. A fix does not thaw: only an approver does,
who looked at the very files.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.rules.minimum_age import FIRST_UPLOAD
from proxy.policy.snapshot import PolicySnapshot

STEP = "Wait until the freeze is lifted, or ask an approver to release it: --acknowledge frozen"


def frozen(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files that were uploaded after the terms' freeze, or do not say when."""
    freeze, file = snapshot.terms.freeze, subject.file
    if freeze is None or file is None:
        return ()
    uploaded = file.upload_time
    if uploaded is not None and FIRST_UPLOAD <= uploaded <= freeze:
        return ()
    since = f"the freeze of {freeze:%Y-%m-%d %H:%M} UTC"
    when = f"was uploaded on {uploaded:%Y-%m-%d %H:%M} UTC" if uploaded else "has no upload time"
    sentence = f"{file.filename} {when}; {since} withholds what came later."
    return (Finding(Code.FROZEN, Effect.FORBID, sentence, STEP, evidence={"freeze": freeze.isoformat()}),)


def after_the_freeze(
    files: Sequence[ReleaseFile], _project: NormalizedName, snapshot: PolicySnapshot, _at: datetime
) -> Sequence[ReleaseFile]:
    """Pick the files that were uploaded after the terms' freeze, or do not say when."""
    freeze = snapshot.terms.freeze
    if freeze is None:
        return ()
    return [file for file in files if (at := file.upload_time) is None or not FIRST_UPLOAD <= at <= freeze]
