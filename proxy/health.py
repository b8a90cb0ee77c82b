"""Whether the gate can answer, and what the people who run it should know.

Decided here:

* Not ready means that what was decided and verified is not handed out: ``reasons``.
* Everything else that somebody should see to is a warning: a gate with a full disk serves on, and one that its
  balancer took away would not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from proxy.decisions import Decisions
from proxy.live import Live
from proxy.policy import emergencies
from proxy.policy.explaining import feed_data

MFA_OFF = "Second factors are NOT required here (--no-mfa-required): a password alone approves what everybody installs."
"""Said at start, in ``/readyz`` and on every page of the admin."""
ENDING = "The gate is stopping: what runs is let end, nothing new is taken."


class Health:
    """Collects what each part says of itself. ``tasks`` is the trouble of background work, by its name.

    ``ending`` says why the gate ends, as soon as it does; ``warnings`` are what the operator turned off and everybody
    should know.
    """

    def __init__(
        self,
        live: Live,
        decisions: Decisions,
        tasks: Mapping[str, str],
        ending: Sequence[str] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        self._live, self._decisions, self._tasks = live, decisions, tasks
        self._ending, self._warnings = ending, warnings

    def report(self, at: datetime) -> dict[str, object]:
        """Return the report behind ``/readyz``; ``reasons`` is empty exactly when ``ready`` is true."""
        snapshot = self._live.snapshot
        reasons = [*self._ending, *filter(None, (self._live.closed, self._decisions.closed))]
        if not self._live.loaded:
            reasons.append("the policy is not loaded yet")
        return {
            "ready": not reasons,
            "reasons": reasons,
            "warnings": [*self._warnings, *self.troubles()],
            "revision": snapshot.revision,
            "advisory_data": feed_data(snapshot, at),
            "emergencies": [emergencies.sentence(approval, at) for approval in emergencies.alarms(snapshot)],
            "names_index": snapshot.names.popular is not None,
            "decisions_waiting": self._decisions.waiting,
        }

    def troubles(self) -> Iterator[str]:
        """Yield what somebody should see to, although the gate serves."""
        if self._live.trouble:
            yield f"policy: {self._live.trouble}"
        if self._decisions.trouble:
            yield f"audit: {self._decisions.trouble} Decisions wait, and are not lost."
        yield from (f"{name}: {trouble}" for name, trouble in list(self._tasks.items()) if trouble)
