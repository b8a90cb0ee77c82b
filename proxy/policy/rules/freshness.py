"""The age of the advisory data is part of every answer: silence from old data proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.age import BLIND, age
from proxy.policy.snapshot import PolicySnapshot

STEP = "The security team updates it: wicketgate advisories sync, or import FILE"


def freshness(_subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Iterator[Finding]:
    """Say when the data is missing, old or stale; refuse where it is stale or missing and the terms ask for it."""
    feed, terms = snapshot.feed, snapshot.terms
    effect = Effect.FORBID if terms.stale_advisories == "refuse" else Effect.ADVISE
    if feed is None:
        yield Finding(Code.ADVISORIES_UNKNOWN, effect, "There is no advisory data: nothing is known to be safe.", STEP)
        return
    judged = age(feed, terms, at)
    # Dates and no ages: a verdict is kept for a while, and its sentence must not age.
    said = f"its newest record is of {feed.newest:%Y-%m-%d}, the last sync of {feed.synced:%Y-%m-%d}."
    evidence = {"newest": feed.newest.isoformat(), "synced": feed.synced.isoformat()}
    if judged.level == "stale":
        yield Finding(Code.ADVISORIES_STALE, effect, f"The advisory data is stale: {said}", STEP, evidence=evidence)
    elif judged.level == "old":
        advice = f"The advisory data is getting old: {said}"
        yield Finding(Code.ADVISORIES_OLD, Effect.ADVISE, advice, STEP, judged.until, evidence)
    else:
        yield Finding(Code.ADVISORIES_FRESH, Effect.ADVISE, "The advisory data is fresh.", until=judged.until)


def opening_stops(snapshot: PolicySnapshot, at: datetime) -> bool:
    """Whether nothing is opened now that nobody acknowledged: the data is stale or missing, and the terms ask for that.

    Where the terms refuse everything then, there is nothing to open.
    """
    terms = snapshot.terms
    return terms.stale_advisories == "acknowledge" and age(snapshot.feed, terms, at).level in BLIND
