"""Internal names are never asked of, or served from, the public index (dependency confusion)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.snapshot import PolicySnapshot


def internal_name(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid names that match an ``internal`` pattern of the terms."""
    if snapshot.is_internal(subject.project):
        yield Finding(
            Code.INTERNAL,
            Effect.FORBID,
            f"{subject.project} is an internal name: it is never taken from the public index.",
            "Install it from your company's own index.",
        )
