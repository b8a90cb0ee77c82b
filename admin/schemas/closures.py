"""Closures: what the API takes, and what it and the pages tell of a resolution."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import Field

from admin.actions import NeedsAcknowledgement, Resolution, Step
from admin.closure import Node, Target, combinations
from admin.schemas.given import Strict, WishIn
from admin.schemas.told import outcome_data
from admin.tree import Branch, grown
from proxy.policy import explaining

Data = dict[str, object]


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


def resolution_data(resolution: Resolution) -> Data:
    """Return a resolution as JSON data: how far it is, and at its end the closure as a list and as a tree."""
    problem, closure = resolution.problem, resolution.closure
    looked_at = list(resolution.looked_at)
    data: Data = {
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
    }
    if closure is None:
        return data | {"closure": [], "tree": [], "passed_over": [], "granted": False, "revision": None}
    steps = {step.node: step_data(step) for step in closure.steps}
    root = canonicalize_name(Requirement(resolution.wish.requirement).name)
    return data | {
        "closure": list(steps.values()),
        "tree": [_branch(branch, steps) for branch in grown([step.node for step in closure.steps], root)],
        "passed_over": [explaining.reason(finding) for finding in closure.passed_over],
        "granted": any(step.outcome and step.outcome.event for step in closure.steps),
        "revision": closure.revision,
    }


def step_data(step: Step) -> Data:
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


def _branch(branch: Branch, steps: Mapping[Node, Data]) -> Data:
    told = steps[branch.node]
    return {
        **{name: told[name] for name in ("project", "version", "targets", "state", "reasons")},
        "again": branch.again,
        "needs": [_branch(needed, steps) for needed in branch.needs],
    }
