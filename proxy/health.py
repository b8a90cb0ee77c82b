"""Whether the gate can answer, and what the people who run it should know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from proxy.live import Live
from proxy.policy import emergencies
from proxy.policy.explaining import feed_data

MFA_OFF = "Second factors are NOT required here (--no-mfa-required): a password alone approves what everybody installs."
"""Said at start, in ``/readyz`` and on every page of the admin."""


class Health:
    """Collects what each part says of itself. ``tasks`` tells of background work: name to trouble or "".

    ``warnings`` are what the operator turned off and everybody should know.
    """

    def __init__(
        self,
        live: Live,
        waiting: Callable[[], int],
        tasks: Callable[[], Mapping[str, str]],
        warnings: Sequence[str] = (),
    ) -> None:
        self._live, self._waiting, self._tasks, self._warnings = live, waiting, tasks, warnings

    def report(self, at: datetime) -> dict[str, object]:
        """Return the report behind ``/readyz``; ``reasons`` is empty exactly when ``ready`` is true."""
        snapshot = self._live.snapshot
        reasons = [f"{name}: {trouble}" for name, trouble in self._tasks().items() if trouble]
        if not self._live.loaded:
            reasons.append("the policy is not loaded yet")
        return {
            "ready": not reasons,
            "reasons": reasons,
            "warnings": list(self._warnings),
            "revision": snapshot.revision,
            "advisory_data": feed_data(snapshot, at),
            "emergencies": [emergencies.sentence(approval, at) for approval in emergencies.alarms(snapshot)],
            "names_index": snapshot.names.popular is not None,
            "decisions_waiting": self._waiting(),
        }
