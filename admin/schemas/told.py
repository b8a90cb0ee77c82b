"""What the admin API and the pages tell: nouns as JSON data, and the shape of an error."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel

from admin.actions import Foreseen, NeedsAcknowledgement, Outcome, Settled
from proxy.model import (
    Acknowledgement,
    Approval,
    AuditEvent,
    Channel,
    HandedOut,
    LateFile,
    Token,
    Waiver,
)
from proxy.policy import explaining, terms
from proxy.policy.snapshot import PolicySnapshot
from proxy.store import Decision


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
        "channel": approval.channel,
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
        "facts": [
            {"filename": file.filename, "licence": file.licence, "publisher": file.publisher} for file in approval.files
        ],
    }


def late_data(late: LateFile) -> dict[str, object]:
    """Return a late file as JSON data."""
    return {
        "project": late.project,
        "version": late.file.version,
        "filename": late.file.filename,
        "sha256": late.file.sha256,
        "uploaded": late.file.upload_time.isoformat() if late.file.upload_time else None,
        "differs": late.differs,
        "channel": late.channel,
        "at": late.at.isoformat(),
    }


def turn_data(turn: terms.Turn) -> dict[str, object]:
    """Return an approved file that a change of the terms would withhold or open."""
    file, verdict = turn.judged.file, turn.judged.verdict
    return {
        "channel": turn.channel,
        "project": verdict.subject.project,
        "version": file.version,
        "filename": file.filename,
        "reasons": explaining.reasons(verdict),
    }


def settled_data(settled: Settled) -> dict[str, object]:
    """Return what a change of the terms did, or would do, to the files that are approved."""
    said = event_data(settled.event) if settled.event else {"detail": dict(settled.change.detail)}
    return said | {
        "changed": settled.event is not None,
        "withheld": [turn_data(turn) for turn in settled.turns if not turn.opened],
        "opened": [turn_data(turn) for turn in settled.turns if turn.opened],
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
        "emergency": approval.emergency,
        "acknowledged": list(approval.acknowledged),
        "by": approval.by,
        "at": approval.at.isoformat(),
        "until": approval.until.isoformat() if approval.until else None,
        "reason": approval.reason,
        "ticket": approval.ticket,
        "exact": approval.exact,
        "files": [
            {"filename": f.filename, "sha256": f.sha256, "licence": f.licence, "publisher": f.publisher}
            for f in approval.files
        ],
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


def channel_data(channel: Channel, snapshot: PolicySnapshot) -> dict[str, object]:
    """Return a channel as JSON data, with the terms in force there and which of them are its own."""
    return {
        "name": channel.name,
        "base": channel.base,
        "index": f"/{channel.name}/simple/",
        "own": list(channel.sets),
        "terms": terms.data(snapshot.of_channel(channel.name).terms),
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
        "owner": token.owner,
        "scope": list(token.scope),
        "channel": token.channel,
        "projects": list(token.projects),
        "networks": list(token.networks),
    }


def acknowledgement_data(entry: Acknowledgement) -> dict[str, object]:
    """Return an acknowledged look-alike as JSON data."""
    return asdict(entry) | {"at": entry.at.isoformat()}


def foreseen_data(foreseen: Foreseen) -> dict[str, object]:
    """Return what many approvals would do, and what stands in the way of some, as JSON data."""
    return {
        "outcomes": [outcome_data(outcome) | {"requirement": wish.requirement} for wish, outcome in foreseen.outcomes],
        "stopped": [
            {
                "requirement": wish.requirement,
                "channel": wish.channel,
                "detail": str(error),
                "acknowledge": error.say if isinstance(error, NeedsAcknowledgement) else None,
            }
            for wish, error in foreseen.stopped
        ],
    }
