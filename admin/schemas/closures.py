"""Closures: what the API takes, and what it and the pages tell of a resolution."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import Field
from typing_extensions import TypedDict

from admin.actions import NeedsAcknowledgement, Resolution, Step
from admin.closure import Node, Target, combinations
from admin.schemas.given import Aware, Strict, WishIn
from admin.schemas.told_acts import OutcomeOut, outcome_data
from admin.tree import Branch, grown
from proxy.policy import explaining
from proxy.policy.explaining import ReasonData


class ClosureIn(WishIn):
    """What is to be approved together with everything it needs, and for which Pythons and platforms."""

    pythons: list[str] = Field(default_factory=list, max_length=8, examples=[["3.11", "3.13"]])
    platforms: list[str] = Field(default_factory=list, max_length=8, examples=[["linux", "universal"]])

    def targets(self) -> list[Target]:
        """Return what to resolve for."""
        return combinations(self.pythons, self.platforms)


class ChosenIn(Strict):
    """Which projects of a closure to approve: all of them, only some, or all but some."""

    only: list[str] = Field(default_factory=list, max_length=2000, examples=[["flask", "click"]])
    but: list[str] = Field(default_factory=list, max_length=2000, description="These are left out.")
    acknowledge: Aware = Field(default_factory=list)


class Standing(TypedDict):
    """One version of a closure: its state in one word, and where it is refused, why."""

    project: str
    version: str
    targets: list[str]
    state: str
    reasons: list[ReasonData]


class StepOut(Standing):
    """One version of a closure, and what approving it did or would do."""

    needed_by: list[str]
    outcome: OutcomeOut | None


class BranchOut(Standing):
    """One version of a closure, and what it needs; ``again``: that is told further up."""

    again: bool
    needs: list[BranchOut]


class ResolutionOut(TypedDict):
    """How far a resolution is, and at its end the closure as a list and as a tree.

    ``acknowledge`` is what an approver may add where its ``problem`` can be overruled.
    """

    id: str
    state: str
    requirement: str
    channel: str
    targets: list[str]
    started: str
    ended: str | None
    looked_at: int
    latest: str | None
    problem: str | None
    acknowledge: str | None
    closure: list[StepOut]
    tree: list[BranchOut]
    passed_over: list[ReasonData]
    granted: bool
    revision: int | None


def resolution_data(resolution: Resolution) -> ResolutionOut:
    """Return a resolution as JSON data: how far it is, and at its end the closure as a list and as a tree."""
    problem, closure = resolution.problem, resolution.closure
    looked_at = list(resolution.looked_at)
    data: ResolutionOut = {
        "id": resolution.id,
        "state": resolution.state,
        "requirement": resolution.wish.requirement,
        "channel": resolution.wish.channel,
        "targets": [target.label for target in resolution.targets],
        "started": resolution.started.isoformat(),
        "ended": resolution.ended.isoformat() if resolution.ended else None,
        "looked_at": len(looked_at),
        "latest": looked_at[-1] if looked_at else None,
        "problem": str(problem) if problem else None,
        "acknowledge": problem.say if isinstance(problem, NeedsAcknowledgement) else None,
        "closure": [],
        "tree": [],
        "passed_over": [],
        "granted": False,
        "revision": None,
    }
    if closure is None:
        return data
    steps = {step.node: step_data(step) for step in closure.steps}
    root = canonicalize_name(Requirement(resolution.wish.requirement).name)
    return {
        **data,
        "closure": list(steps.values()),
        "tree": [_branch(branch, steps) for branch in grown([step.node for step in closure.steps], root)],
        "passed_over": [explaining.reason(finding) for finding in closure.passed_over],
        "granted": any(step.outcome and step.outcome.event for step in closure.steps),
        "revision": closure.revision,
    }


def step_data(step: Step) -> StepOut:
    """Return one version of a closure as JSON data, with its verdict in one word and, where it is refused, why."""
    state = _state(step)
    held = step.outcome.composition.withheld.get(step.node.version) if step.outcome and state == "withheld" else None
    return {
        "project": step.node.project,
        "version": step.node.version,
        "needed_by": list(step.node.needed_by),
        "targets": list(step.node.targets),
        "state": state,
        "reasons": explaining.reasons(held.verdict) if held else [],
        "outcome": outcome_data(step.outcome) if step.outcome else None,
    }


def _state(step: Step) -> str:
    if step.outcome is None:
        return "served"
    if step.outcome.event:
        return "granted"
    return "new" if step.outcome.opened else "withheld"


def _branch(branch: Branch, steps: Mapping[Node, StepOut]) -> BranchOut:
    told = steps[branch.node]
    return {
        "project": told["project"],
        "version": told["version"],
        "targets": told["targets"],
        "state": told["state"],
        "reasons": told["reasons"],
        "again": branch.again,
        "needs": [_branch(needed, steps) for needed in branch.needs],
    }
