"""Approving a requirement together with exactly what it needs.

Decided here:

* What a requirement needs is found first, as a resolution that can be watched and cancelled; what is approved
  afterwards are the files that it showed, all of them as one change or some by name.
* A look-alike that stands in the way stops the resolution with the name that was meant. One that the resolver went
  round is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import starmap

from msgspec import structs
from packaging.utils import NormalizedName

from admin.actions.granting import Draft, Granting, Outcome, wished
from admin.actions.hands import Hands
from admin.actions.resolutions import Closure, Resolution, Resolutions, Step
from admin.actions.wishes import NeedsAcknowledgement, Unusable, Wish, ends_later, read_project, read_requirement
from admin.closure import Node, Resolver, Target, Unresolved
from admin.roles import Permission, demand
from proxy.gateway import Gateway
from proxy.model import Actor, Code, Finding, Subject
from proxy.policy.judge import judge
from proxy.policy.telling import codes


@dataclass(frozen=True, slots=True)
class Closures:
    """Approvals of a whole closure of dependencies, as one change or node by node."""

    hands: Hands
    granting: Granting
    resolver: Resolver
    resolutions: Resolutions

    async def start(self, actor: Actor, wish: Wish, targets: Sequence[Target]) -> Resolution:
        """Begin to find the newest version that a requirement resolves to, and exactly what it needs.

        Raises Forbidden, Unusable.
        """
        demand(actor, Permission.POLICY_APPROVE)
        ends_later(wish, self.hands.clock())
        read_requirement(wish.requirement)
        wished(actor, wish, NormalizedName(""), "", self.hands.clock())
        if wish.sha256:
            raise Unusable("Files named by their digests are approved without dependencies: nothing is resolved.")
        await self.hands.policy(wish.channel)
        for target in targets:
            target.options()
        return self.resolutions.start(actor, wish, targets, lambda resolution: self._resolved(actor, resolution))

    async def look(self, actor: Actor, identity: str) -> Resolution:
        """Return an actor's own resolution, its verdicts by the policy in force.

        Raises Forbidden, Unusable, NeedsAcknowledgement.
        """
        demand(actor, Permission.POLICY_APPROVE)
        resolution = self.resolutions.of(actor, identity)
        revision = (await self.hands.live.current()).revision
        async with resolution.granting:
            if resolution.closure and resolution.closure.revision != revision:
                resolution.closure = await self._again(actor, resolution.closure, revision)
        return resolution

    async def cancel(self, actor: Actor, identity: str) -> Resolution:
        """End a resolution. Raises Forbidden, Unusable."""
        demand(actor, Permission.POLICY_APPROVE)
        return await self.resolutions.cancel(actor, identity)

    async def approve(
        self,
        actor: Actor,
        identity: str,
        only: Iterable[str] = (),
        but: Iterable[str] = (),
        acknowledge: Iterable[str] = (),
        if_revision: int | None = None,
    ) -> Resolution:
        """Approve what a resolution showed and is not served yet: all, ``only`` some projects, or all ``but`` some.

        Raises what :meth:`Approvals.approve` raises.
        """
        demand(actor, Permission.POLICY_APPROVE)
        resolution = self.resolutions.of(actor, identity)
        async with resolution.granting:
            closure = resolution.closure
            if closure is None:
                raise Unusable(f"There is nothing to approve yet: the resolution is {resolution.state}.")
            ends_later(resolution.wish, self.hands.clock())
            steps = _chosen(closure, only, but)
            resolution.closure = await self._granted(actor, closure, steps, frozenset(acknowledge), if_revision)
        return resolution

    async def _granted(
        self, actor: Actor, closure: Closure, steps: Sequence[Step], aware: frozenset[str], if_revision: int | None
    ) -> Closure:
        at = self.hands.clock()
        drafts = [
            replace(draft, approval=replace(draft.approval, at=at), aware=draft.aware | aware)
            for step in steps
            if (draft := step.draft)
        ]
        outcomes = await self.granting.grant(actor, drafts, dry_run=False, if_revision=if_revision)
        done = {step.node: Step(step.node, None, outcome) for step, outcome in zip(steps, outcomes, strict=True)}
        return replace(
            closure,
            steps=tuple(done.get(step.node, step) for step in closure.steps),
            revision=outcomes[0].revision,
        )

    async def _resolved(self, actor: Actor, resolution: Resolution) -> Closure:
        """Find what a requirement needs, and what approving the missing part would open.

        Raises Unresolved, NeedsAcknowledgement, Unusable, UpstreamError.
        """
        wish = resolution.wish
        draft = wished(actor, wish, NormalizedName(""), "", self.hands.clock())
        try:
            nodes = await self.resolver.resolve(wish.requirement, draft, resolution.targets, resolution.seen)
        except Unresolved as error:
            for project in resolution.looked_at:
                for finding in await self._imitations([project], draft.acknowledged, wish.channel):
                    raise _needed(wish.requirement, project, finding) from error
            raise
        gateway = self.hands.answering(wish.channel)
        missing = [node for node in nodes if not await _is_served(node, gateway)]
        drafts = [await self.granting.draft(actor, wish, node.project, f"=={node.version}") for node in missing]
        outcomes = await self._outcomes(actor, drafts)
        steps = {step.node: step for step in starmap(Step, zip(missing, drafts, outcomes, strict=True))}
        met = resolution.looked_at.keys() - {node.project for node in nodes}
        return Closure(
            tuple(steps.get(node, Step(node)) for node in nodes),
            (await self.hands.live.current()).revision,
            tuple(await self._imitations(sorted(met), draft.acknowledged, wish.channel)),
        )

    async def _again(self, actor: Actor, closure: Closure, revision: int) -> Closure:
        """Return a closure whose missing part was judged once more."""
        open_steps = [step for step in closure.steps if step.draft]
        outcomes = await self._outcomes(actor, [step.draft for step in open_steps if step.draft])
        judged = dict(zip((step.node for step in open_steps), outcomes, strict=True))
        steps = (replace(step, outcome=judged.get(step.node, step.outcome)) for step in closure.steps)
        return replace(closure, steps=tuple(steps), revision=revision)

    async def _outcomes(self, actor: Actor, drafts: list[Draft]) -> list[Outcome]:
        return await self.granting.grant(actor, drafts, dry_run=True, if_revision=None) if drafts else []

    async def _imitations(
        self, projects: Iterable[NormalizedName], acknowledged: Sequence[str], channel: str
    ) -> list[Finding]:
        """Return the look-alikes among projects that nobody has acknowledged."""
        snapshot, at = (await self.hands.policy(channel)).enforced(), self.hands.clock()
        refusals = (finding for project in projects for finding in judge(Subject(project), snapshot, at).refusals)
        found = [finding for finding in refusals if finding.code is Code.LOOK_ALIKE]
        return [one for one in found if f"{Code.LOOK_ALIKE}:{one.evidence['target']}" not in acknowledged]


async def _is_served(node: Node, gateway: Gateway) -> bool:
    """Whether a version is approved: what an emergency or observe mode serves is not, and will be missing later."""
    files = (await gateway.listing(node.project)).composition.allowed
    return any(item.file.version == node.version and codes(item.verdict) == (Code.APPROVED,) for item in files)


def _needed(requirement: str, project: NormalizedName, finding: Finding) -> NeedsAcknowledgement:
    """Return what must be acknowledged of a look-alike, and who needs it."""
    itself = read_requirement(requirement)[0] == project
    sentence = finding.sentence if itself else f"{requirement} needs {project}, and {finding.sentence}"
    return NeedsAcknowledgement(
        structs.replace(finding, sentence=sentence), f"{Code.LOOK_ALIKE}:{finding.evidence['target']}"
    )


def _chosen(closure: Closure, only: Iterable[str], but: Iterable[str]) -> list[Step]:
    """Return the steps to approve. Raises Unusable for a name that is not among those that are missing."""
    missing = [step for step in closure.steps if step.draft]
    wanted, unwanted = ({read_project(name) for name in names} for names in (only, but))
    unknown = sorted((wanted | unwanted) - {step.node.project for step in missing})
    if unknown:
        raise Unusable(f"There is nothing to approve of {', '.join(unknown)} in this closure.")
    steps = [
        step for step in missing if step.node.project not in unwanted and (not wanted or step.node.project in wanted)
    ]
    if not steps:
        raise Unusable("There is nothing left to approve: everything that was chosen is served already.")
    return steps
