"""Cool-down: a file must have been public for a while, since most malware is found within days.

An upload time that is missing, in the future or before PyPI existed counts as too new.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.snapshot import PolicySnapshot

FIRST_UPLOAD = datetime(2003, 1, 1, tzinfo=UTC)
"""Nothing was uploaded before; an earlier date is made up."""

OVERRULE = "Wait, or ask an approver to release it early: --acknowledge too-new"


def minimum_age(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Iterator[Finding]:
    """Forbid files younger than the terms' minimum age."""
    wanted = snapshot.terms.minimum_age
    if subject.file is None or wanted <= timedelta(0):
        return
    name, uploaded = subject.file.filename, subject.file.upload_time
    if uploaded is None:
        yield Finding(Code.TOO_NEW, Effect.FORBID, f"{name} has no upload time, so it counts as too new.", OVERRULE)
    elif uploaded < FIRST_UPLOAD or uploaded > at:
        sentence = f"{name} claims to be uploaded on {uploaded:%Y-%m-%d}, so it counts as too new."
        yield Finding(Code.TOO_NEW, Effect.FORBID, sentence, OVERRULE, until=uploaded if uploaded > at else None)
    elif uploaded + wanted > at:
        ready = uploaded + wanted
        yield Finding(
            Code.TOO_NEW,
            Effect.FORBID,
            f"{name} was uploaded on {uploaded:%Y-%m-%d}: it is too new until {ready:%Y-%m-%d %H:%M} UTC.",
            OVERRULE,
            until=ready,
            evidence={"uploaded": uploaded.isoformat(), "ready": ready.isoformat()},
        )
