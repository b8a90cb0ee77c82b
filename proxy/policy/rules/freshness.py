"""The age of the advisory data is part of every answer: silence from old data proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.snapshot import PolicySnapshot


def freshness(_subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Iterator[Finding]:
    """Say when the data is missing or older than the terms allow; refuse where the terms ask for it."""
    feed, terms = snapshot.feed, snapshot.terms
    effect = Effect.FORBID if terms.stale_advisories == "refuse" else Effect.ADVISE
    step = "The security team updates it: wicketgate advisories import FILE"
    if feed is None:
        yield Finding(Code.ADVISORIES_UNKNOWN, effect, "There is no advisory data: nothing is known to be safe.", step)
        return
    stale_at = min(feed.newest, feed.synced) + terms.alarm_stale_after
    if at >= stale_at:
        sentence = f"The advisory data is old: its newest record is of {feed.newest:%Y-%m-%d}."
        yield Finding(Code.ADVISORIES_STALE, effect, sentence, step, evidence={"newest": feed.newest.isoformat()})
    else:
        yield Finding(Code.ADVISORIES_FRESH, Effect.ADVISE, "The advisory data is fresh.", until=stale_at)
