"""What the admin API tells of policy as code: steps, what demand would see of them, proposals."""

from __future__ import annotations

from collections.abc import Sequence

from admin.actions import Adoption, Applied, Plan
from admin.schemas.told import event_data
from proxy.model import Verdict, Wanted
from proxy.policy import explaining, telling
from proxy.policy.adopting import Proposal
from proxy.policy.document.applying import step_data
from proxy.policy.document.entries import Document
from proxy.policy.document.writing import write
from proxy.policy.replay import Replay

CLIENTS_SHOWN = 20
FRAGMENT = (
    "Wicketgate policy: a fragment that adds approvals, proposed from what observe mode let through.\n"
    "Read it, take out what should not be, then: wicketgate policy plan FILE; wicketgate policy apply FILE --reason …"
)

Data = dict[str, object]


def document_data(document: Document) -> Data:
    """Return the policy in force as a document."""
    head = "Wicketgate policy, as wicketgate policy export writes it. wicketgate policy schema explains every key."
    return {"revision": document.revision, "document": write(document, head)}


def plan_data(plan: Plan) -> Data:
    """Return what a document would do."""
    return {
        "revision": plan.revision,
        "stale": plan.stale,
        "steps": [step_data(step, plan.approvals) for step in plan.steps],
        "needs": [permission.value for permission in plan.needs],
        "notes": list(plan.notes),
        "demand": replay_data(plan.replay),
    }


def applied_data(applied: Applied) -> Data:
    """Return what a document did."""
    return {
        "revision": applied.revision,
        "steps": [step_data(step, applied.approvals) for step in applied.steps],
        "event": event_data(applied.event) if applied.event else None,
    }


def replay_data(replay: Replay) -> Data:
    """Return what recorded demand would see: refused with the reasons to come, opened with those that fall away."""
    return {
        "lines": replay.lines,
        "breaks": [line_data(item.line) | {"reasons": _reasons(item.after)} for item in replay.breaks],
        "opens": [line_data(item.line) | {"reasons": _reasons(item.before)} for item in replay.opens],
        "unjudged": [line_data(item.line) for item in replay.unjudged],
    }


def line_data(line: Wanted) -> Data:
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


def adoption_data(adoption: Adoption) -> Data:
    """Return proposals, and the fragment that would adopt them."""
    proposals = adoption.proposals
    return {
        "revision": adoption.revision,
        "proposals": [_proposal(proposal) for proposal in proposals.adoptable],
        "withheld": [_proposal(proposal) for proposal in proposals.withheld],
        "unknown": [line_data(line) for line in proposals.unknown],
        "document": write(adoption.document, FRAGMENT),
    }


def _proposal(proposal: Proposal) -> Data:
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


def _clients(clients: Sequence[str]) -> Data:
    return {"clients": len(clients), "who": list(clients[:CLIENTS_SHOWN])}


def _reasons(verdict: Verdict | None) -> list[Data]:
    return [explaining.reason(finding) for finding in telling.weighed(verdict)] if verdict else []
