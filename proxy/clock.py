"""The time of day as the gate believes it, and by how much it may be wrong.

Decided here:

* While the gate runs its time never goes back by more than a correction: what ended stays ended.
* A step of the host's clock that is no correction is a doubt: files count as younger by that much, in both directions,
  until the clock is right again or the gate is started anew. Nobody opens the cool-down by setting a clock.
* Steps are told by a clock that nobody can set and that runs on while the host sleeps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta

CORRECTION = timedelta(minutes=5)
LOOK_SECONDS = 5.0
NO_DOUBT = timedelta(0)


def steady() -> float:
    """Return seconds since the host was started."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """Tells the time by ``wall``, the clock that people set, and ``steady``, in seconds, which nobody sets."""

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float] = steady) -> None:
        self._wall, self._steady = wall, steady
        self._last, self._last_steady = wall(), steady()
        self._doubt = NO_DOUBT

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        wall, steady = self._wall(), self._steady()
        expected = self._last + timedelta(seconds=steady - self._last_steady)
        if abs(wall - expected) > CORRECTION:
            self._doubt = abs(wall - expected)
            return max(wall, expected)
        self._last, self._last_steady, self._doubt = wall, steady, NO_DOUBT
        return wall

    def doubt(self) -> timedelta:
        """Return by how much the time may be wrong now."""
        self.now()
        return self._doubt

    async def watch(self, tell: Callable[[str], None]) -> None:
        """Tell of a doubt, "" where there is none, until cancelled."""
        while True:
            tell(sentence(self.doubt()))
            await asyncio.sleep(LOOK_SECONDS)


def sentence(doubt: timedelta) -> str:
    """Return what somebody should know of a doubt, "" where there is none."""
    if not doubt:
        return ""
    return (
        f"The clock of this host jumped by {timedelta(seconds=round(doubt.total_seconds()))} while the gate ran: files "
        "count as younger by that much. Set the clock right; if it is right now, start the gate again."
    )
