"""Files come from origins that the operator named or the gate learnt once, and from nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.snapshot import PolicySnapshot


def known_origin(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files whose address does not begin with an allowed origin, spelt as it is kept."""
    file = subject.file
    if file is None or file.url.startswith(snapshot.prefixes):
        return ()
    return (
        Finding(
            Code.FOREIGN_ORIGIN,
            Effect.FORBID,
            f"{file.filename} would come from a server that nobody allowed.",
            "The security team sees it in the audit log, and allows it with: wicketgate origins allow URL",
            evidence={"url": file.url},
        ),
    )


def elsewhere(
    files: Sequence[ReleaseFile], _project: NormalizedName, snapshot: PolicySnapshot, _at: datetime
) -> list[ReleaseFile]:
    """Pick the files whose address begins with no allowed origin."""
    allowed = snapshot.prefixes
    return [file for file in files if not file.url.startswith(allowed)]
