"""Refusals that come faster than anybody could read them are counted, not written one by one.

What is handed out is always a record of its own. What is refused costs whoever asks nothing, and names are anybody's
to make up: without a bound, a script fills the disk with a record of every one.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

CLIENTS_AT_MOST = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    since: datetime

    def takes(self, at: datetime, burst: int, a_minute: int) -> bool:
        """Whether there is one left, having filled up since it was asked last."""
        minutes = max((at - self.since).total_seconds(), 0.0) / 60
        self.left, self.since = min(self.left + minutes * a_minute, burst), at
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Floods:
    """How many refusals are written: ``burst`` of one client and then so many a minute, and four times that in all."""

    def __init__(self, burst: int = 10_000, a_minute: int = 300) -> None:
        self._burst, self._a_minute = burst, a_minute
        self._of: OrderedDict[str, _Bucket] = OrderedDict()
        self._all: _Bucket | None = None

    def admits(self, client: str, at: datetime) -> bool:
        """Whether a refusal of this client is written by itself."""
        bucket = self._of.setdefault(client, _Bucket(self._burst, at))
        self._of.move_to_end(client)
        if len(self._of) > CLIENTS_AT_MOST:
            self._of.popitem(last=False)
        self._all = self._all or _Bucket(4 * self._burst, at)
        alone = bucket.takes(at, self._burst, self._a_minute)
        return alone and self._all.takes(at, 4 * self._burst, 4 * self._a_minute)
