"""What a standing approval lets in by itself stops while news may have been missed.

Decided here:

* The range goes on opening what it opened when the data was last good: what was uploaded, and old enough, by then.
  Without any data it opens nothing beyond what its approver looked at.
* Files that an approval froze were looked at, and are another rule's matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.age import stale_from
from proxy.policy.rules.approved import in_force, opens
from proxy.policy.rules.freshness import opening_stops
from proxy.policy.rules.minimum_age import minimum_age
from proxy.policy.snapshot import Grant, PolicySnapshot

STEP = "Wait until the advisory data is up to date (wicketgate advisories sync), or approve this version"


def unwatched(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Sequence[Finding]:
    """Forbid what only a standing range opens, and opened not yet when the advisory data was last good."""
    file = subject.file
    if file is None or not opening_stops(snapshot, at):
        return ()
    opening = [grant for grant in _standing(subject.project, snapshot, at) if opens(grant, file)]
    if not opening or _is_frozen(file, subject.project, snapshot, at):
        return ()
    if snapshot.feed is None:
        sentence = f"{file.filename} waits: a standing approval opens nothing by itself without advisory data."
        return (Finding(Code.ADVISORIES_UNKNOWN, Effect.FORBID, sentence, STEP),)
    since = stale_from(snapshot.feed, snapshot.terms)
    if _was_open(subject, file, snapshot, since):
        return ()
    moment = f"{since:%Y-%m-%d %H:%M} UTC"
    sentence = f"{file.filename} waits: the advisory data is stale since {moment}, and this would have opened later."
    return (Finding(Code.ADVISORIES_STALE, Effect.FORBID, sentence, STEP, evidence={"stale": since.isoformat()}),)


def in_a_range(
    files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, at: datetime
) -> Sequence[ReleaseFile]:
    """Pick the files of a project that a standing approval may let in while nothing may come in by itself."""
    return files if opening_stops(snapshot, at) and _standing(project, snapshot, at) else ()


def _standing(project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> list[Grant]:
    grants = snapshot.grants.get(project, ())
    return [grant for grant in grants if grant.approval.standing and in_force(grant, at)]


def _is_frozen(file: ReleaseFile, project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> bool:
    grants = (grant for grant in snapshot.grants.get(project, ()) if in_force(grant, at))
    return any(file.filename in grant.pins and opens(grant, file) for grant in grants)


def _was_open(subject: Subject, file: ReleaseFile, snapshot: PolicySnapshot, then: datetime) -> bool:
    uploaded = file.upload_time
    known = uploaded is not None and uploaded <= then
    return known and all(found.effect is not Effect.FORBID for found in minimum_age(subject, snapshot, then))
