"""Files come from origins that the operator named or the gate learnt once, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.snapshot import PolicySnapshot


def known_origin(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid files whose address does not begin with an allowed origin, spelt as it is kept."""
    file = subject.file
    if file is not None and not file.url.startswith(snapshot.prefixes):
        yield Finding(
            Code.FOREIGN_ORIGIN,
            Effect.FORBID,
            f"{file.filename} would come from a server that nobody allowed.",
            "The security team sees it in the audit log, and allows it with: wicketgate origins allow URL",
            evidence={"url": file.url},
        )
