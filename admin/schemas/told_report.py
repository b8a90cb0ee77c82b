"""The shape of a report (:mod:`proxy.policy.reporting` makes it), for the OpenAPI document. Times are ISO 8601."""

from __future__ import annotations

from typing_extensions import TypedDict


class DecisionsReported(TypedDict):
    """What was answered in the period: by verdict, and refusals by reason."""

    verdicts: dict[str, int]
    reasons_of_refusals: dict[str, int]
    files_handed_out: int
    clients: int
    archived: int


class ApprovalReported(TypedDict):
    """An approval or an emergency, how many files it froze, and when it ended (None: it has not)."""

    at: str
    project: str
    specifier: str
    channel: str
    by: str
    reason: str
    ticket: str
    until: str | None
    standing: bool
    acknowledged: list[str]
    reviewed: str
    files: int
    ended: str | None


class RevokedReported(ApprovalReported):
    """An approval that ended in the period, by whom and why."""

    ended_by: str
    ended_reason: str


class ProhibitionReported(TypedDict):
    """A prohibition."""

    at: str
    project: str
    specifier: str
    channel: str
    by: str
    reason: str


class WaiverReported(TypedDict):
    """A waiver; ``ended`` is None where it was in force at the end of the period."""

    advisory: str
    project: str
    specifier: str
    channel: str
    by: str
    reason: str
    at: str
    until: str
    ended: str | None
    ended_by: str
    ended_reason: str


class WaiversReported(TypedDict):
    """The waivers that were in force at the end of the period, and those that ended in it."""

    in_force: list[WaiverReported]
    ended: list[WaiverReported]


class FeedReported(TypedDict):
    """The advisory data at the end of the period, and how old it was."""

    source: str
    records: int
    newest: str
    age_seconds: int
    synced: str
    since_sync_seconds: int


class SpansReported(TypedDict):
    """How long something took; None where it never happened."""

    count: int
    mean_seconds: int | None
    median_seconds: int | None


class TimesReported(TypedDict):
    """How long people waited for a decision, and how long advisories took to refuse, and how many wait."""

    from_request_to_decision: SpansReported
    from_advisory_to_refusal: SpansReported
    requests_waiting: int


class CheckReported(TypedDict):
    """A check of the record."""

    at: str
    intact: bool


class TroubleReported(TypedDict):
    """Something about the record that somebody should look at."""

    at: str
    tag: str
    what: str


class RecordReported(TypedDict):
    """How it went with the record in the period."""

    verified: list[CheckReported]
    trouble: list[TroubleReported]


class ReportOut(TypedDict):
    """A report of the period from ``since`` to ``until``."""

    since: str
    until: str
    decisions: DecisionsReported
    approvals: list[ApprovalReported]
    revoked: list[RevokedReported]
    exceptions: list[ApprovalReported]
    prohibitions: list[ProhibitionReported]
    waivers: WaiversReported
    advisory_data: FeedReported | None
    times: TimesReported
    record: RecordReported
