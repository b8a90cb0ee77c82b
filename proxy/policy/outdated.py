"""What opens while news may have been missed, and what somebody must say they know first: one decision for every door.

Decided here:

* Where the terms say ``acknowledge``, an approval, an emergency or a waiver is made while the advisory data is stale or
  missing only by who names that state, and the event says so. It is a matter of that moment, so no approval keeps it.
* The terms in force before the change count: a document cannot silence the question together with what it approves.
* What says no more than before (a revocation, an earlier end, a review) is never in the way.

What opens by itself meanwhile is :mod:`proxy.policy.rules.unwatched`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

from packaging.utils import NormalizedName

from proxy.model import Approval, Change, Effect, Finding, Subject, Waiver
from proxy.policy.age import sentence
from proxy.policy.rules.freshness import freshness, opening_stops
from proxy.policy.second_person import widens
from proxy.policy.snapshot import PolicySnapshot

Missed = Literal["advisories-stale", "advisories-unknown"]

MISSED: Final = frozenset({"advisories-stale", "advisories-unknown"})
"""The codes that name the state of the data, and are acknowledged by."""


def missed(change: Change, before: PolicySnapshot, at: datetime) -> Finding | None:
    """Return what must be acknowledged before a change is made; None where nothing must."""
    return next((_finding(view, at) for view in _openings(change, before) if opening_stops(view, at)), None)


def asked(snapshot: PolicySnapshot, at: datetime) -> Finding | None:
    """Return what an approval in any channel would have to acknowledge now; None where nothing."""
    views = (snapshot.of_channel(name) for name in ("", *snapshot.channels))
    return next((_finding(view, at) for view in views if opening_stops(view, at)), None)


def acknowledged(change: Change, finding: Finding) -> Change:
    """Return a change whose event says that whoever made it knew."""
    known = {"acknowledged": str(finding.code), **finding.evidence}
    return replace(change, detail={**change.detail, "advisory_data": known})


def _openings(change: Change, before: PolicySnapshot) -> Iterator[PolicySnapshot]:
    """Yield the policy in each place where a change opens something: a channel, and those that inherit from it."""
    opened = {
        entry.channel: None
        for entry in change.puts
        if isinstance(entry, Waiver) or (isinstance(entry, Approval) and widens(entry, before))
    }
    heirs = (name for name in before.channels if not opened.keys().isdisjoint(before.lineage(name)))
    yield from map(before.seen_in, dict.fromkeys((*opened, *heirs)))


def _finding(view: PolicySnapshot, at: datetime) -> Finding:
    (found,) = freshness(Subject(_NOBODY), view, at)
    said = (
        "Nothing here tells what was found lately, so nothing is opened before somebody says that they know. "
        f"Advisory data: {sentence(view.feed, view.terms, at)} Bring it up to date: {_STEP}."
    )
    return Finding(found.code, Effect.FORBID, said, _STEP, evidence=found.evidence)


_NOBODY: Final = NormalizedName("")
_STEP: Final = "wicketgate advisories sync, or import FILE"
