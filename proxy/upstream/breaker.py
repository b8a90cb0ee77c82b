"""A circuit breaker for each origin: who fails again and again is left alone for a few seconds.

Pure but for its memory; the time (seconds of a monotonic clock) is an argument.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

ORIGINS_AT_MOST = 256


@dataclass(slots=True)
class _Health:
    failures: int = 0
    last: float = 0.0
    shut_until: float = 0.0


class Breaker:
    """Counts consecutive failures; after ``after`` within ``window`` seconds it opens for ``pause`` seconds.

    When the pause is over one attempt is let through; its outcome closes the circuit or opens it again.
    """

    def __init__(self, *, after: int = 5, window: float = 30.0, pause: float = 5.0) -> None:
        self._after, self._window, self._pause = after, window, pause
        self._origins: OrderedDict[str, _Health] = OrderedDict()

    def admits(self, origin: str, now: float) -> bool:
        """Whether the origin may be asked now. A yes after a pause is given to one caller only."""
        health = self._origins.get(origin)
        if health is None or health.failures < self._after:
            return True
        if now < health.shut_until:
            return False
        health.shut_until = now + self._pause
        return True

    def succeeded(self, origin: str) -> None:
        """Note that the origin answered."""
        self._origins.pop(origin, None)

    def failed(self, origin: str, now: float) -> None:
        """Note that the origin was away."""
        health = self._origins.setdefault(origin, _Health())
        recent = now - health.last <= self._window
        health.failures = health.failures + 1 if recent else 1
        health.last, health.shut_until = now, now + self._pause
        if len(self._origins) > ORIGINS_AT_MOST:
            self._origins.popitem(last=False)
