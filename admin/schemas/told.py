"""What the admin API and the pages tell: nouns as JSON data, and the shape of an error."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from pydantic import BaseModel

from admin.actions import Closure, Outcome
from proxy.model import Acknowledgement, Approval, Ask, AuditEvent, Channel, HandedOut, Terms, Token, Waiver
from proxy.policy import explaining
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import Decision, Demand


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
        "yanked": approval.yanked,
        "legacy": approval.legacy,
        "channel": approval.channel,
        "acknowledged": list(approval.acknowledged),
        "by": approval.by,
        "at": approval.at.isoformat(),
        "until": approval.until.isoformat() if approval.until else None,
        "reason": approval.reason,
        "ticket": approval.ticket,
        "files": [{"filename": file.filename, "sha256": file.sha256} for file in approval.files],
    }


def acknowledgement_data(entry: Acknowledgement) -> dict[str, object]:
    """Return an acknowledged look-alike as JSON data."""
    return asdict(entry) | {"at": entry.at.isoformat()}


def ask_data(ask: Ask) -> dict[str, object]:
    """Return a wish as JSON data."""
    return {
        "project": ask.project,
        "specifier": ask.specifier,
        "channel": ask.channel,
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
        "mode": terms.mode,
        "minimum_age_days": terms.minimum_age / timedelta(days=1),
        "internal": list(terms.internal),
        "refuse_severity": terms.refuse_severity,
        "refuse_unknown_severity": terms.refuse_unknown_severity,
        "stale_advisories": terms.stale_advisories,
        "warn_stale_after_hours": terms.warn_stale_after / timedelta(hours=1),
        "alarm_stale_after_hours": terms.alarm_stale_after / timedelta(hours=1),
    }


def channel_data(channel: Channel, snapshot: PolicySnapshot) -> dict[str, object]:
    """Return a channel as JSON data, with the terms in force there and which of them are its own."""
    return {
        "name": channel.name,
        "base": channel.base,
        "index": f"/{channel.name}/simple/",
        "own": list(channel.sets),
        "terms": terms_data(snapshot.of_channel(channel.name).terms),
        "by": channel.by,
        "at": channel.at.isoformat(),
        "reason": channel.reason,
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
