"""How often somebody may try: ever slower after failures, for a key and never for good.

Decided here:

* Nobody is locked out, and nobody can lock out another: a browser that signed in to the account before (a device
  cookie) has a count of its own, and the first password that an address tries for an account waits for no failure of
  other addresses or accounts. Only the cap on all strangers together is above that, and it waits for one second.
* With second factors the account's own count is strict: whoever comes that far knows the password.
* An attempt counts before it is verified, so that many at once are many; a success takes it back.
* Memory is bounded: the keys least recently used are forgotten.

Every figure is here. Times in seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from proxy.errors import GateError
from proxy.policy.credentials import network

KEYS_AT_MOST = 20_000
FIRSTS_AT_MOST = 200
"""Failures of an address in an hour, above which its first try for yet another account waits like any."""


class TooOften(GateError):
    """Somebody has to wait. ``seconds`` says how long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, int(seconds + 0.999))
        super().__init__(f"Too many attempts. Try again in {self.seconds} seconds.")


@dataclass(frozen=True, slots=True)
class _Count:
    failures: int
    last: float


@dataclass(frozen=True, slots=True)
class Pace:
    """``free`` attempts cost nothing; each after that waits twice as long as the one before, up to ``longest``.

    What is quiet for ``forget`` seconds starts anew.
    """

    free: int
    first: float
    longest: float
    forget: float = 3600.0

    def pause(self, failures: int) -> float:
        """Return how long to wait after so many failures."""
        over = failures - self.free
        return 0.0 if over < 0 else min(self.first * 2 ** min(over, 30), self.longest)


class Counts:
    """Failures by key, at one pace."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def knows(self, key: str, now: float) -> bool:
        """Whether the key has failed lately."""
        count = self._counts.get(key)
        return count is not None and now - count.last <= self._pace.forget

    def failures(self, key: str, now: float) -> int:
        """Return how often the key has failed lately."""
        return self._counts[key].failures if self.knows(key, now) else 0

    def wait(self, key: str, now: float) -> float:
        """Return for how long the key still waits; 0 where it may try."""
        if not self.knows(key, now):
            return 0.0
        count = self._counts[key]
        return max(0.0, count.last + self._pace.pause(count.failures) - now)

    def fail(self, key: str, now: float) -> None:
        """Count an attempt."""
        before = self._counts[key].failures if self.knows(key, now) else 0
        self._counts.pop(key, None)
        self._counts[key] = _Count(before + 1, now)
        if len(self._counts) > KEYS_AT_MOST:
            self._counts.popitem(last=False)

    def forgive(self, key: str, *, wholly: bool) -> None:
        """Take the last attempt back, or all of them."""
        count = self._counts.get(key)
        if count is not None and (wholly or count.failures <= 1):
            del self._counts[key]
        elif count is not None:
            self._counts[key] = _Count(count.failures - 1, count.last)


class Limits:
    """The limits of one door (passwords, codes, exchanges)."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        pair: Pace,
        address: Pace,
        account: Pace,
        device: Pace,
        first_is_free: bool = True,
    ) -> None:
        self._clock, self._first_is_free = clock, first_is_free
        self._pairs, self._addresses, self._accounts = Counts(pair), Counts(address), Counts(account)
        self._devices, self._everybody = Counts(device), Counts(EVERYBODY)

    def attempt(self, account: str, address: str, device: str = "") -> None:
        """Count an attempt, before it is verified. Raises TooOften; a refused attempt does not count."""
        now = self._clock().timestamp()
        keys = list(self._keys(account, address, device))
        first = self._first_is_free and not any(
            counts is self._pairs and counts.knows(key, now) for counts, key in keys
        )
        tired = any(counts is self._addresses and counts.failures(key, now) >= FIRSTS_AT_MOST for counts, key in keys)
        shared = {self._accounts, *(() if tired else (self._addresses,))} if first else set()
        wait = max(counts.wait(key, now) for counts, key in keys if counts not in shared)
        if wait > 0:
            raise TooOften(wait)
        for counts, key in keys:
            counts.fail(key, now)

    def succeeded(self, account: str, address: str, device: str = "") -> None:
        """Take a successful attempt back; what this one person got wrong before is forgotten."""
        for counts, key in self._keys(account, address, device):
            counts.forgive(key, wholly=counts in {self._pairs, self._devices})

    def _keys(self, account: str, address: str, device: str) -> Iterator[tuple[Counts, str]]:
        if device:
            yield self._devices, device
            return
        place = network(address)
        yield self._pairs, f"{account}\n{place}"
        yield self._addresses, place
        yield self._accounts, account
        yield self._everybody, ""


EVERYBODY = Pace(free=1000, first=0.1, longest=1.0, forget=300.0)
"""All strangers together: after a thousand failures in five minutes, one attempt a second."""


def of_passwords(clock: Callable[[], datetime]) -> Limits:
    """Return the limits of passwords, tokens and invitations that people type."""
    return Limits(
        clock,
        pair=Pace(free=5, first=2.0, longest=900.0),
        address=Pace(free=30, first=1.0, longest=60.0),
        account=Pace(free=100, first=1.0, longest=10.0),
        device=Pace(free=10, first=2.0, longest=60.0),
    )


def of_codes(clock: Callable[[], datetime]) -> Limits:
    """Return the limits of second factors: whoever comes here knows the password, and there are a million codes."""
    return Limits(
        clock,
        pair=Pace(free=5, first=30.0, longest=3600.0, forget=86400.0),
        address=Pace(free=30, first=10.0, longest=600.0),
        account=Pace(free=20, first=60.0, longest=3600.0, forget=86400.0),
        device=Pace(free=10, first=30.0, longest=600.0),
        first_is_free=False,
    )


def of_exchanges(clock: Callable[[], datetime]) -> Limits:
    """Return the limits of ID tokens that were not good: CI jobs behind one address are many."""
    patient = Pace(free=100, first=1.0, longest=30.0)
    return Limits(clock, pair=patient, address=patient, account=EVERYBODY, device=patient)
