"""From an answer to its line in the record of decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from proxy.decisions import LookUp
from proxy.model import DecisionRecord, Verdict
from proxy.policy.telling import codes
from proxy.web.http import Asked, printable

What = Literal["file", "metadata", "page"]


class Noting(Protocol):
    """Whoever keeps records."""

    def note(self, record: DecisionRecord, /) -> None:
        """Take one record. Raises StoreError when it cannot be kept."""

    def repeats(self, look_up: LookUp, at: datetime, /) -> bool:
        """Count a look-up that was noted within this minute; False where it was not."""

    def note_page(self, look_up: LookUp, record: DecisionRecord, /) -> None:
        """Take the first look-up of its kind in a minute."""


class Recorder:
    """Notes every answer of a channel's index. Raises StoreError when it can no longer be kept."""

    def __init__(self, decisions: Noting, clock: Callable[[], datetime], channel: str = "") -> None:
        self._decisions, self._clock, self._channel = decisions, clock, channel

    def page(self, by: Asked, verdict: Verdict, answer: str) -> None:
        """Note that a project's page was answered; ``answer`` is the verdict in one word."""
        at = self._clock()
        look_up = (self._channel, by.client, by.token, by.agent, verdict.subject.project, answer)
        if not self._decisions.repeats(look_up, at):
            self._decisions.note_page(look_up, self._record("page", by, verdict, 200, at))

    def file(self, by: Asked, verdict: Verdict, status: int, filename: str, *, metadata: bool = False) -> None:
        """Note that a file (or its metadata) was handed out, revalidated or refused."""
        what: What = "metadata" if metadata else "file"
        self._decisions.note(self._record(what, by, verdict, status, self._clock(), filename))

    def _record(
        self, what: What, by: Asked, verdict: Verdict, status: int, at: datetime, filename: str = ""
    ) -> DecisionRecord:
        subject = verdict.subject
        return DecisionRecord(
            at=at,
            what=what,
            client=by.client,
            token=by.token,
            agent=by.agent,
            project=subject.project,
            version=subject.version or "",
            filename=printable(filename)[:256],
            sha256=(subject.file.sha256 or "") if subject.file else "",
            status=status,
            verdict=answer_of(verdict),
            codes=codes(verdict),
            revision=verdict.revision,
            request_id=by.request_id,
            channel=self._channel,
        )


def answer_of(verdict: Verdict) -> str:
    """Return a verdict in the record's one word."""
    if not verdict.allowed:
        return "refused"
    return "observed" if verdict.observed else "allowed"
