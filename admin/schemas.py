"""What the admin API takes and gives, with the words and examples that its OpenAPI document shows."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from admin.actions import Closure, Outcome, Wish
from admin.closure import Target
from proxy.model import Approval, Ask, AuditEvent, HandedOut, Terms, Token, Waiver
from proxy.policy import explaining
from proxy.store import Decision, Demand

Requirement = Annotated[
    str,
    Field(min_length=1, max_length=512, examples=["flask>=3,<4"], description="A name and a PEP 440 range."),
]
Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["Needed by the billing service"])]


def _within_reason(at: datetime) -> datetime:
    if not 1970 <= at.year <= LATEST_YEAR:
        raise ValueError(f"say a time from 1970 to {LATEST_YEAR}")
    return at.astimezone(UTC)


LATEST_YEAR = 9000
Later = Annotated[AwareDatetime, AfterValidator(_within_reason), Field(examples=["2027-01-31T00:00:00Z"])]


class Strict(BaseModel):
    """Unknown fields are refused: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid")


class ApprovalIn(Strict):
    """An approval to be granted. With ``dry_run`` it is only shown what it would do."""

    requirement: Requirement
    reason: Reason
    standing: bool = Field(False, description="Let later versions of the range through once they are old enough.")
    prereleases: bool = False
    sdists: bool = Field(False, description="Source archives run code on install.")
    acknowledge: list[str] = Field(default_factory=list, max_length=8, examples=[["too-new"]])
    until: Later | None = None
    ticket: str = Field("", max_length=200)
    dry_run: bool = False
    with_dependencies: bool = Field(
        False, description="Approve the newest version that resolves, and exactly what it needs."
    )
    pythons: list[str] = Field(default_factory=list, max_length=8, examples=[["3.11", "3.13"]])
    platforms: list[str] = Field(default_factory=list, max_length=8, examples=[["linux", "universal"]])

    def targets(self) -> list[Target]:
        """Return every combination of the Pythons and platforms asked for; the gate's own if none was."""
        return [Target(python, platform) for python in self.pythons or [""] for platform in self.platforms or [""]]

    def wish(self) -> Wish:
        """Return what the action takes."""
        given = self.model_dump(exclude={"dry_run", "acknowledge", "with_dependencies", "pythons", "platforms"})
        return Wish(**given, acknowledge=tuple(self.acknowledge))


class RequirementIn(Strict):
    """A requirement and a written reason."""

    requirement: Requirement
    reason: Reason


class DeclineIn(Strict):
    """A project whose wishes leave the inbox, and why."""

    project: str = Field(min_length=1, max_length=128)
    reason: Reason


class WaiverIn(Strict):
    """One advisory to be set aside for a range of a project."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100, examples=["PYSEC-2023-74"])
    reason: Reason
    days: int = Field(30, ge=1, le=180, description="Days until it ends.")


class WaiverEndIn(Strict):
    """A waiver to be ended before its time."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100)
    reason: Reason


class TokenIn(Strict):
    """A token to be issued."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[\w .@/-]+$", examples=["ci"])
    role: Literal["reader", "requester", "auditor", "approver", "administrator"]
    days: int = Field(90, ge=1, le=366, description="Days until it ends.")


class OriginIn(Strict):
    """A scheme, host and port that files may come from."""

    url: str = Field(max_length=300, examples=["https://files.example"])
    reason: Reason


def _pattern(text: str) -> str:
    """Return a glob pattern spelt as names are (PEP 503), so that it meets them."""
    return re.sub(r"[-_.]+", "-", text.strip().lower())


class TermsIn(Strict):
    """Terms to be changed; what is left out stays as it is."""

    minimum_age_days: float | None = Field(None, ge=0, le=3650)
    internal: list[str] | None = Field(None, max_length=1000, description="Glob patterns of internal names.")
    refuse_severity: Literal["low", "medium", "high", "critical"] | None = None
    refuse_unknown_severity: bool | None = None
    stale_advisories: Literal["say", "refuse"] | None = None
    reason: Reason

    def applied_to(self, terms: Terms) -> Terms:
        """Return ``terms`` with what was given in place."""
        given = self.model_dump(exclude={"reason", "minimum_age_days"}, exclude_none=True)
        if "internal" in given:
            given["internal"] = tuple(dict.fromkeys(_pattern(text) for text in given["internal"] if text.strip()))
        if self.minimum_age_days is not None:
            given["minimum_age"] = timedelta(days=self.minimum_age_days)
        return replace(terms, **given)


class Problem(BaseModel):
    """An error (RFC 9457). ``acknowledge`` is what an approver may add to overrule a finding."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    acknowledge: str | None = None
    errors: list[dict[str, object]] | None = None


def event_data(event: AuditEvent) -> dict[str, object]:
    """Return an audit event as JSON data."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(),
        "tag": event.tag,
        "actor": {"name": event.actor.name, "role": event.actor.role, "address": event.actor.address},
        "project": event.project,
        "reason": event.reason,
        "revision": event.revision,
        "detail": dict(event.detail),
        "hash": event.hash,
    }


def outcome_data(outcome: Outcome) -> dict[str, object]:
    """Return what an approval did, or would do, as JSON data."""
    approval = outcome.approval
    frozen = {file.filename for file in approval.files}
    judged = [judged for judged in outcome.composition.files if judged.file.filename in frozen]
    return {
        "approval": approval.id,
        "project": approval.project,
        "specifier": approval.specifier,
        "standing": approval.standing,
        "revision": outcome.revision,
        "granted": outcome.event is not None,
        "opened": [item.file.filename for item in judged if item.verdict.allowed],
        "versions": list(dict.fromkeys(item.file.version for item in judged if item.verdict.allowed)),
        "still_withheld": [
            {
                "filename": item.file.filename,
                "version": item.file.version,
                "reasons": [explaining.reason(finding) for finding in item.verdict.refusals],
            }
            for item in judged
            if not item.verdict.allowed
        ],
        "left_out": list(outcome.left_out),
    }


def closure_data(closure: Closure) -> dict[str, object]:
    """Return a closure as JSON data: every project of it, and what approving the missing ones did."""
    outcomes = {outcome.approval.project: outcome for outcome in closure.outcomes}
    return {
        "revision": closure.revision,
        "granted": any(outcome.event for outcome in closure.outcomes),
        "closure": [
            {
                "project": node.project,
                "version": node.version,
                "needed_by": list(node.needed_by),
                "new": node.project in outcomes,
                "outcome": outcome_data(outcomes[node.project]) if node.project in outcomes else None,
            }
            for node in closure.nodes
        ],
    }


def approval_data(approval: Approval) -> dict[str, object]:
    """Return an approval as JSON data, its files by name and digest."""
    return {
        "id": approval.id,
        "project": approval.project,
        "specifier": approval.specifier,
        "standing": approval.standing,
        "prereleases": approval.prereleases,
        "sdists": approval.sdists,
        "acknowledged": list(approval.acknowledged),
        "by": approval.by,
        "at": approval.at.isoformat(),
        "until": approval.until.isoformat() if approval.until else None,
        "reason": approval.reason,
        "ticket": approval.ticket,
        "files": [{"filename": file.filename, "sha256": file.sha256} for file in approval.files],
    }


def ask_data(ask: Ask) -> dict[str, object]:
    """Return a wish as JSON data."""
    return {
        "project": ask.project,
        "specifier": ask.specifier,
        "by": ask.by,
        "why": ask.why,
        "at": ask.at.isoformat(),
    }


def demand_data(line: Demand) -> dict[str, object]:
    """Return a line of what was refused as JSON data."""
    return asdict(line) | {
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "codes": list(line.codes),
    }


def decision_data(decision: Decision) -> dict[str, object]:
    """Return a decision record as JSON data."""
    record = decision.record
    return asdict(record) | {"seq": decision.seq, "at": record.at.isoformat(), "codes": list(record.codes)}


def waiver_data(waiver: Waiver, at: datetime) -> dict[str, object]:
    """Return a waiver as JSON data; ``in_force`` says whether it has not ended."""
    until = waiver.until.isoformat()
    return asdict(waiver) | {"at": waiver.at.isoformat(), "until": until, "in_force": at < waiver.until}


def holder_data(line: HandedOut) -> dict[str, object]:
    """Return who got a release as JSON data."""
    return asdict(line) | {"first": line.first.isoformat(), "last": line.last.isoformat()}


def terms_data(terms: Terms) -> dict[str, object]:
    """Return the terms as JSON data; times in days and hours."""
    return {
        "minimum_age_days": terms.minimum_age / timedelta(days=1),
        "internal": list(terms.internal),
        "refuse_severity": terms.refuse_severity,
        "refuse_unknown_severity": terms.refuse_unknown_severity,
        "stale_advisories": terms.stale_advisories,
        "warn_stale_after_hours": terms.warn_stale_after / timedelta(hours=1),
        "alarm_stale_after_hours": terms.alarm_stale_after / timedelta(hours=1),
    }


def token_data(token: Token) -> dict[str, object]:
    """Return a token as JSON data, without what is kept of its secret."""
    until = token.until.isoformat() if token.until else None
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "at": token.at.isoformat(),
        "until": until,
    }
