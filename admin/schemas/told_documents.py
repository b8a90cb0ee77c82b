"""What the admin API tells of policy as code: steps, what demand would see of them, proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from admin.actions import Adoption, Applied, Plan
from admin.schemas.told import EventOut, event_data
from proxy.model import Approval, Verdict, Wanted
from proxy.policy import explaining, telling
from proxy.policy.adopting import Proposal
from proxy.policy.document.applying import step_data
from proxy.policy.document.comparing import Step
from proxy.policy.document.entries import ApprovalEntry, Document
from proxy.policy.document.writing import write
from proxy.policy.explaining import ReasonData
from proxy.policy.replay import Replay

CLIENTS_SHOWN = 20
FRAGMENT = (
    "Wicketgate policy: a fragment that adds approvals, proposed from what observe mode let through.\n"
    "Read it, take out what should not be, then: wicketgate policy plan FILE; wicketgate policy apply FILE --reason …"
)


class DocumentOut(TypedDict):
    """The policy in force as a document (TOML)."""

    revision: int | None
    document: str


def document_data(document: Document) -> DocumentOut:
    """Return the policy in force as a document."""
    head = "Wicketgate policy, as wicketgate policy export writes it. wicketgate policy schema explains every key."
    return {"revision": document.revision, "document": write(document, head)}


class Clients(TypedDict):
    """How many clients (by address) there are, and the first of them."""

    clients: int
    who: list[str]


class LineOut(Clients):
    """What installers wanted of a channel: a file, or a project's page (no file name); how often, and in vain."""

    channel: str
    project: str
    version: str
    filename: str
    sha256: str
    count: int
    refused: int
    last: str
    tokens: list[str]


class JudgedOut(LineOut):
    """What installers wanted and is answered otherwise by another policy, with the reasons."""

    reasons: list[ReasonData]


class ReplayOut(TypedDict):
    """What recorded demand would see: refused with the reasons to come, opened with those that fall away."""

    lines: int
    breaks: list[JudgedOut]
    opens: list[JudgedOut]
    unjudged: list[LineOut]


class StepOut(TypedDict):
    """One step from a policy to another: an entry or a term before and after, as the document writes it."""

    verb: str
    kind: str
    name: str
    before: object
    after: object


class PlanOut(TypedDict):
    """What a document would do; ``stale`` is the revision that it was exported at, where another is in force."""

    revision: int
    stale: int | None
    steps: list[StepOut]
    needs: list[str]
    notes: list[str]
    demand: ReplayOut


class AppliedOut(TypedDict):
    """What a document did; without an ``event`` the policy said so already."""

    revision: int
    steps: list[StepOut]
    event: EventOut | None


class AdoptableOut(Clients):
    """An approval that would have let through what observe mode did, and its risk."""

    project: str
    version: str
    channel: str
    risk: int
    level: str
    because: list[str]
    acknowledged: list[str]
    files: dict[str, str]
    count: int
    last: str
    still: list[ReasonData]


class AdoptionOut(TypedDict):
    """Approvals that are proposed, and the document that would adopt them."""

    revision: int
    proposals: list[AdoptableOut]
    withheld: list[AdoptableOut]
    unknown: list[LineOut]
    document: str


def plan_data(plan: Plan) -> PlanOut:
    """Return what a document would do."""
    return {
        "revision": plan.revision,
        "stale": plan.stale,
        "steps": [_step(step, plan.approvals) for step in plan.steps],
        "needs": [permission.value for permission in plan.needs],
        "notes": list(plan.notes),
        "demand": replay_data(plan.replay),
    }


def applied_data(applied: Applied) -> AppliedOut:
    """Return what a document did."""
    return {
        "revision": applied.revision,
        "steps": [_step(step, applied.approvals) for step in applied.steps],
        "event": event_data(applied.event) if applied.event else None,
    }


def replay_data(replay: Replay) -> ReplayOut:
    """Return what recorded demand would see: refused with the reasons to come, opened with those that fall away."""
    return {
        "lines": replay.lines,
        "breaks": [{**line_data(item.line), "reasons": _reasons(item.after)} for item in replay.breaks],
        "opens": [{**line_data(item.line), "reasons": _reasons(item.before)} for item in replay.opens],
        "unjudged": [line_data(item.line) for item in replay.unjudged],
    }


def _step(step: Step, approvals: Mapping[ApprovalEntry, Approval]) -> StepOut:
    told = step_data(step, approvals)
    return {
        "verb": step.verb,
        "kind": step.kind,
        "name": step.name,
        "before": told["before"],
        "after": told["after"],
    }


def line_data(line: Wanted) -> LineOut:
    """Return a line of demand."""
    return {
        "channel": line.channel,
        "project": line.project,
        "version": line.version,
        "filename": line.filename,
        "sha256": line.sha256,
        "count": line.count,
        "refused": line.refused,
        "last": line.last.isoformat(),
        "tokens": list(line.tokens),
        **_clients(line.clients),
    }


def adoption_data(adoption: Adoption) -> AdoptionOut:
    """Return proposals, and the fragment that would adopt them."""
    proposals = adoption.proposals
    return {
        "revision": adoption.revision,
        "proposals": [_proposal(proposal) for proposal in proposals.adoptable],
        "withheld": [_proposal(proposal) for proposal in proposals.withheld],
        "unknown": [line_data(line) for line in proposals.unknown],
        "document": write(adoption.document, FRAGMENT),
    }


def _proposal(proposal: Proposal) -> AdoptableOut:
    entry = proposal.entry
    return {
        "project": entry.project,
        "version": proposal.version,
        "channel": entry.channel,
        "risk": proposal.risk.score,
        "level": proposal.risk.level,
        "because": list(proposal.risk.because),
        "acknowledged": list(entry.acknowledged),
        "files": dict(entry.files),
        "count": proposal.count,
        "last": proposal.last.isoformat(),
        "still": [explaining.reason(finding) for finding in proposal.still],
        **_clients(proposal.clients),
    }


def _clients(clients: Sequence[str]) -> Clients:
    return {"clients": len(clients), "who": list(clients[:CLIENTS_SHOWN])}


def _reasons(verdict: Verdict | None) -> list[ReasonData]:
    return [explaining.reason(finding) for finding in telling.weighed(verdict)] if verdict else []
