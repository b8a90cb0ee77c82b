"""Prohibitions: a project or a range of it that is never served, whatever was approved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Prohibition, Subject
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import covers, specifier


def prohibited(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid what a prohibition covers. One without a range covers the whole project."""
    for prohibition in snapshot.prohibitions.get(subject.project, ()):
        if _applies(prohibition, subject.version):
            yield Finding(
                Code.PROHIBITED,
                Effect.FORBID,
                f"{subject.project}{prohibition.specifier} is prohibited: {prohibition.reason}",
                "Choose another package, or talk to the security team.",
                evidence={"prohibition": prohibition.id, "by": prohibition.by},
            )


def _applies(prohibition: Prohibition, version: str | None) -> bool:
    if not prohibition.specifier:
        return True
    if specifier(prohibition.specifier) is None:
        return True  # a no that cannot be read is a no to everything
    return version is not None and covers(prohibition.specifier, version)
