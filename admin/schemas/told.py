"""What the admin API and the pages tell of the record: changes, decisions, who got what, and the shape of an error.

Decided here:

* What is told is a typed dictionary: the functions that make one are held to it by the type checker, the OpenAPI
  document names it, and templates read it. Times are ISO 8601 in UTC; None stands where there is nothing to tell.
"""

from __future__ import annotations

from pydantic import BaseModel
from typing_extensions import TypedDict

from proxy.model import AuditEvent, HandedOut
from proxy.store import Decision


class Problem(BaseModel):
    """An error (RFC 9457). ``acknowledge`` is what an approver may add to overrule a finding."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    acknowledge: str | None = None
    errors: list[dict[str, object]] | None = None


class ActorOut(TypedDict):
    """Who did it, and from which address ("": the gate itself)."""

    name: str
    role: str
    address: str


class EventOut(TypedDict):
    """A change as the audit log holds it."""

    seq: int
    at: str
    tag: str
    actor: ActorOut
    project: str
    reason: str
    revision: int
    detail: dict[str, object]
    hash: str


def event_data(event: AuditEvent) -> EventOut:
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


class DecisionOut(TypedDict):
    """What was handed out or refused; ``count`` is above 1 where repeats were counted together."""

    seq: int
    at: str
    what: str
    client: str
    token: str
    token_id: str
    agent: str
    project: str
    version: str
    filename: str
    sha256: str
    status: int
    verdict: str
    codes: list[str]
    revision: int
    request_id: str
    count: int
    channel: str


def decision_data(decision: Decision) -> DecisionOut:
    """Return a decision record as JSON data."""
    record = decision.record
    return {
        "seq": decision.seq,
        "at": record.at.isoformat(),
        "what": record.what,
        "client": record.client,
        "token": record.token,
        "token_id": record.token_id,
        "agent": record.agent,
        "project": record.project,
        "version": record.version,
        "filename": record.filename,
        "sha256": record.sha256,
        "status": record.status,
        "verdict": record.verdict,
        "codes": list(record.codes),
        "revision": record.revision,
        "request_id": record.request_id,
        "count": record.count,
        "channel": record.channel,
    }


class HolderOut(TypedDict):
    """Who got a release, how often, first and last."""

    project: str
    version: str
    client: str
    token: str
    token_id: str
    agent: str
    count: int
    first: str
    last: str


def holder_data(line: HandedOut) -> HolderOut:
    """Return who got a release as JSON data."""
    return {
        "project": line.project,
        "version": line.version,
        "client": line.client,
        "token": line.token,
        "token_id": line.token_id,
        "agent": line.agent,
        "count": line.count,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
    }
