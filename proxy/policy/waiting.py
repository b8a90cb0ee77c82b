"""What waits for the security team, in the order in which it is looked at.

Decided here:

* Fixes of what was approved come first, then what people asked for, then what was refused by itself, the most
  wanted first; names that look like others stand apart, at the end.
* A request that is answered by a fix stands with the fix.
* A refused name leaves when it is approved wherever it was refused, and comes back when it is refused again.
* A cursor names the place of the last thing shown, so that a page goes on where the one before ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cache

from proxy.model import Ask, Code, Demand, Effect, Subject
from proxy.policy.fixes import Fix
from proxy.policy.rules.similar_name import similar_name
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import covers


class Section(IntEnum):
    """The parts of the inbox, in their order."""

    FIXES = 1
    REQUESTS = 2
    REFUSED = 3
    LOOK_ALIKES = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: where it stands, and with a fix the requests that it answers."""

    section: Section
    place: str
    body: Fix | Ask | Demand
    asks: tuple[Ask, ...] = ()

    @property
    def cursor(self) -> str:
        """The text from which the next page goes on."""
        return f"{self.section:d}.{self.place}"


def waiting(
    snapshot: PolicySnapshot, fixes: Sequence[Fix], asks: Iterable[Ask], demand: Iterable[Demand]
) -> list[Waiting]:
    """Return everything that waits, in order."""
    left = list(asks)
    found: list[Waiting] = []
    for fix in fixes:
        answered = tuple(ask for ask in left if _answers(fix, ask))
        left = [ask for ask in left if ask not in answered]
        found.append(Waiting(Section.FIXES, f"{fix.project} {fix.channel}", fix, answered))
    found += [Waiting(Section.REQUESTS, f"{_text(ask.at)} {ask.id}", ask) for ask in left]
    found += _unanswered(snapshot, demand)
    return sorted(found, key=lambda item: (item.section, item.place))


def page(items: Sequence[Waiting], after: str, limit: int) -> tuple[list[Waiting], str | None]:
    """Return what follows a cursor ("" for the beginning), and the cursor of what follows that, None at the end.

    Raises ValueError for a text that is no cursor.
    """
    section, dot, place = after.partition(".")
    if after and not (dot and section in {f"{known:d}" for known in Section}):
        raise ValueError("that is no cursor of the inbox")
    seen = (int(section), place) if after else (0, "")
    rest = [item for item in items if (item.section, item.place) > seen]
    return rest[:limit], rest[limit - 1].cursor if len(rest) > limit else None


def meant(snapshot: PolicySnapshot, item: Ask | Demand, at: datetime) -> str | None:
    """Return the project that a name imitates, None where it is refused for no likeness."""
    found = similar_name(Subject(item.project), snapshot, at)
    return next((finding.evidence["target"] for finding in found if finding.effect is Effect.FORBID), None)


def _answers(fix: Fix, ask: Ask) -> bool:
    return (ask.project, ask.channel) == (fix.project, fix.channel) and covers(ask.specifier, fix.version)


def _unanswered(snapshot: PolicySnapshot, demand: Iterable[Demand]) -> Iterator[Waiting]:
    view = cache(snapshot.of_channel)
    for line in demand:
        channels = {build.channel for build in line.builds} & {"", *snapshot.channels}
        if set(line.codes) <= {Code.UNKNOWN_FILE} or all(_approved_since(line, view(name)) for name in channels):
            continue
        section = Section.LOOK_ALIKES if Code.LOOK_ALIKE in line.codes else Section.REFUSED
        yield Waiting(section, f"{_MOST - line.count:015d} {line.project}", line)


def _approved_since(line: Demand, view: PolicySnapshot) -> bool:
    approvals = (grant.approval for grant in view.grants.get(line.project, ()))
    return any(approval.at > line.last and not approval.emergency for approval in approvals)


_MOST = 10**15 - 1


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")
