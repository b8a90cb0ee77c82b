"""The terms as data: how people read and write them, how one set becomes another, and what a change would do.

Decided here:

* A term by project (``ages``, ``publishers``) is changed entry by entry; None takes an entry away.
* What a change does is found without asking anybody: the files that approvals froze are judged before and after,
  in every channel that the change reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from packaging.utils import NormalizedName
from typing_extensions import TypedDict

from proxy.model import Terms
from proxy.policy.listing import Judged, compose
from proxy.policy.snapshot import PolicySnapshot

BY_PROJECT: Final = ("ages", "publishers")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """An approved file that a change withholds or opens in a channel, judged as it would be then."""

    channel: str
    judged: Judged

    @property
    def opened(self) -> bool:
        """Whether it is served then, and was not before."""
        return self.judged.verdict.allowed


class TermsData(TypedDict):
    """The standing rules as plain data, each under the name by which it is changed."""

    mode: str
    minimum_age_days: float
    ages: dict[str, float]
    fixes: str
    freeze: str | None
    internal: list[str]
    refuse_severity: str
    refuse_unknown_severity: bool
    licences: list[str]
    refuse_unknown_licence: bool
    provenance: list[str]
    publishers: dict[str, str]
    stale_advisories: str
    warn_stale_after_hours: float
    alarm_stale_after_hours: float
    two_person: list[str]


def data(terms: Terms) -> TermsData:
    """Return the terms as JSON data; times in days and hours."""
    return {
        "mode": terms.mode,
        "minimum_age_days": terms.minimum_age / DAY,
        "ages": {project: age / DAY for project, age in sorted(terms.ages.items())},
        "fixes": terms.fixes,
        "freeze": terms.freeze.isoformat() if terms.freeze else None,
        "internal": list(terms.internal),
        "refuse_severity": terms.refuse_severity,
        "refuse_unknown_severity": terms.refuse_unknown_severity,
        "licences": list(terms.licences),
        "refuse_unknown_licence": terms.refuse_unknown_licence,
        "provenance": list(terms.provenance),
        "publishers": dict(sorted(terms.publishers.items())),
        "stale_advisories": terms.stale_advisories,
        "warn_stale_after_hours": terms.warn_stale_after / HOUR,
        "alarm_stale_after_hours": terms.alarm_stale_after / HOUR,
        "two_person": list(terms.two_person),
    }


def amended(terms: Terms, given: Mapping[str, Any]) -> Terms:
    """Return the terms with others of their names in their place, entry by entry where they are by project."""
    merged = dict(given)
    for name in BY_PROJECT:
        if name in merged:
            entries = {**getattr(terms, name), **merged[name]}
            merged[name] = {project: value for project, value in entries.items() if value is not None}
    return replace(terms, **merged)


def difference(before: Terms, after: Terms) -> dict[str, object]:
    """Return what an auditor reads of a change: the terms that differ, as they were and as they are."""
    old, new = ({name: _recorded(value) for name, value in data(terms).items()} for terms in (before, after))
    moved = [name for name in new if old[name] != new[name]]
    return {"before": {name: old[name] for name in moved}, "after": {name: new[name] for name in moved}}


def _recorded(value: object) -> object:
    """Return a value as a record may hold it: whole numbers, and fractions as text."""
    if isinstance(value, dict):
        return {name: _recorded(entry) for name, entry in value.items()}
    if isinstance(value, float):
        return int(value) if value.is_integer() else f"{value:g}"
    return value


def turns(before: PolicySnapshot, after: PolicySnapshot, at: datetime) -> list[Turn]:
    """Return the approved files that are withheld after and were served before, or the other way round."""
    names = [name for name in ("", *sorted(after.channels)) if name == "" or name in before.channels]
    return [turn for name in names for turn in _turns(name, before.of_channel(name), after.of_channel(name), at)]


def _turns(channel: str, before: PolicySnapshot, after: PolicySnapshot, at: datetime) -> Iterator[Turn]:
    if before.terms == after.terms:
        return
    for project in sorted(after.grants):
        served = _served(project, before, at)
        for judged in compose(project, None, after, at).files:
            if judged.verdict.allowed != (judged.file.filename in served):
                yield Turn(channel, judged)


def _served(project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> set[str]:
    return {judged.file.filename for judged in compose(project, None, snapshot, at).allowed}


NAMES: Final = frozenset(field.name for field in fields(Terms)) - {"id"}
"""What a channel may make its own."""
