"""Refusals that come faster than anybody could read them are counted, not written one by one.

What is handed out is always a record of its own. What is refused costs whoever asks nothing, and names are anybody's
to make up: without a bound, a script fills the disk with a record of every one.

Decided here:

* Nobody's flood hides another's refusals: twenty an hour of each client are written whatever the others do.
* Refusals of malware and of what somebody prohibited have bounds of their own: no flood of made-up names hides them.
* Memory is bounded, and so is what is written: a client who comes when there is no more room has what is shared alone.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxy.policy.credentials import network

CLIENTS_AT_MOST = 10_000
RESERVED = 20
"""Refusals of one client that are written in an hour, whatever the others do."""
IDLE = timedelta(hours=1)
"""After which all buckets of a client are full again, so that nothing is given by forgetting it."""


@dataclass(slots=True)
class _Bucket:
    left: float
    since: datetime

    def takes(self, at: datetime, burst: int, a_minute: float) -> bool:
        """Whether there is one left, having filled up since it was asked last."""
        minutes = max((at - self.since).total_seconds(), 0.0) / 60
        self.left, self.since = min(self.left + minutes * a_minute, burst), at
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class _Client:
    own: _Bucket
    reserved: _Bucket


class _Bound:
    """How many refusals of one weight are written."""

    def __init__(self, burst: int, a_minute: int) -> None:
        self._burst, self._a_minute = burst, a_minute
        self._of: OrderedDict[str, _Client] = OrderedDict()
        self._all: _Bucket | None = None

    def admits(self, client: str, at: datetime) -> bool:
        known = self._client(client, at)
        if known is not None:
            if not known.own.takes(at, self._burst, self._a_minute):
                return False
            if known.reserved.takes(at, RESERVED, RESERVED / 60):
                return True
        self._all = self._all or _Bucket(4 * self._burst, at)
        return self._all.takes(at, 4 * self._burst, 4 * self._a_minute)

    def _client(self, client: str, at: datetime) -> _Client | None:
        """Return the buckets of a client, None where others hold all that there are."""
        if client not in self._of:
            if len(self._of) >= CLIENTS_AT_MOST and not self._forgot_one(at):
                return None
            self._of[client] = _Client(_Bucket(self._burst, at), _Bucket(RESERVED, at))
        self._of.move_to_end(client)
        return self._of[client]

    def _forgot_one(self, at: datetime) -> bool:
        oldest = next(iter(self._of))
        if at - self._of[oldest].own.since < IDLE:
            return False
        del self._of[oldest]
        return True


class Floods:
    """How many refusals are written: ``burst`` of one client and then so many a minute, and four times that in all.

    A client is an address, of IPv6 a /64. What is grave is counted apart, with the same bounds.
    """

    def __init__(self, burst: int = 10_000, a_minute: int = 300) -> None:
        self._plain, self._grave = _Bound(burst, a_minute), _Bound(burst, a_minute)

    def admits(self, client: str, at: datetime, *, grave: bool = False) -> bool:
        """Whether a refusal of this client is written by itself."""
        return (self._grave if grave else self._plain).admits(network(client), at)
