"""Answers that are counted, not written one by one: the first of a kind is a record, the others one with a count.

Decided here:

* A count stands for one minute at most, and has an id of its own from its beginning (:data:`COUNT`): it is written
  once, however often a crash leaves it behind.
* Memory is bounded: where there is no room the oldest count is finished early, and none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from proxy.journals import COUNT, Line
from proxy.model import DecisionRecord

COUNTED_AT_MOST: Final = 10_000
"""Kinds that are counted at a time."""

Same = tuple[str, ...]
"""What makes answers the same: channel, client, token, and whatever else tells them from others."""


@dataclass(slots=True)
class _Repeated:
    """A first answer that was noted, and how often it came again within its minute."""

    number: int
    record: DecisionRecord
    ends: datetime
    count: int = 0


class Repeats:
    """The counts of one process that are not finished."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._begun = 0
        self._of: dict[Same, _Repeated] = {}

    def takes(self, same: Same, at: datetime) -> bool:
        """Count an answer whose first was noted within this minute; False where none was."""
        seen = self._of.get(same)
        if seen is None or not seen.record.at <= at < seen.ends:  # the clock may go back
            return False
        seen.count += 1
        return True

    def begin(self, same: Same, first: DecisionRecord) -> list[Line]:
        """Count what is the same as this record from now on. Returns the counts that are finished by that."""
        finished = self._finished(same)
        if len(self._of) >= COUNTED_AT_MOST:
            finished += self._finished(next(iter(self._of)))
        self._begun += 1
        self._of[same] = _Repeated(self._begun, first, _next_minute(first.at))
        return finished

    def finish(self, now: datetime, *, everything: bool) -> list[Line]:
        """Return the counts whose minute is over."""
        over = [same for same, seen in self._of.items() if everything or now >= seen.ends]
        return [line for same in over for line in self._finished(same)]

    def lines(self) -> Iterator[Line]:
        """Yield every count as it stands."""
        return (self._line(seen) for seen in self._of.values() if seen.count)

    def _finished(self, same: Same) -> list[Line]:
        seen = self._of.pop(same, None)
        return [self._line(seen)] if seen is not None and seen.count else []

    def _line(self, seen: _Repeated) -> Line:
        return f"{self._process}{COUNT}{seen.number}", replace(seen.record, count=seen.count)


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)
