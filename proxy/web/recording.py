"""From an answer to its line in the record of decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from proxy.model import DecisionRecord, Verdict
from proxy.policy.telling import codes
from proxy.web.http import Asked


class Noting(Protocol):
    """Whoever keeps records."""

    def note(self, record: DecisionRecord) -> None:
        """Take one record. Raises StoreError when it cannot be kept."""


class Recorder:
    """Notes every answer of the index. Raises StoreError when it can no longer be kept."""

    def __init__(self, decisions: Noting, clock: Callable[[], datetime]) -> None:
        self._decisions, self._clock = decisions, clock

    def page(self, by: Asked, verdict: Verdict, status: int) -> None:
        """Note that a project's page was answered."""
        self._note("page", by, verdict, status)

    def file(self, by: Asked, verdict: Verdict, status: int, filename: str, *, metadata: bool = False) -> None:
        """Note that a file (or its metadata) was handed out, revalidated or refused."""
        self._note("metadata" if metadata else "file", by, verdict, status, filename)

    def _note(
        self,
        what: Literal["file", "metadata", "page"],
        by: Asked,
        verdict: Verdict,
        status: int,
        filename: str = "",
    ) -> None:
        subject = verdict.subject
        self._decisions.note(
            DecisionRecord(
                at=self._clock(),
                what=what,
                client=by.client,
                token=by.token,
                agent=by.agent,
                project=subject.project,
                version=subject.version or "",
                filename=filename[:256],
                sha256=(subject.file.sha256 or "") if subject.file else "",
                status=status,
                verdict="allowed" if verdict.allowed else "refused",
                codes=codes(verdict),
                revision=verdict.revision,
                request_id=by.request_id,
            )
        )
