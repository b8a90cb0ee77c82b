"""Approving a requirement together with exactly what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from admin.actions.granting import Granting, Outcome, wished
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, Wish, ends_later, read_requirement
from admin.closure import Node, Resolver, Target
from admin.roles import Permission, demand
from proxy.channels import ChannelPolicy
from proxy.model import Actor


@dataclass(frozen=True, slots=True)
class Closure:
    """What a requirement needs, and what approving the missing part did or would do."""

    nodes: tuple[Node, ...]
    outcomes: tuple[Outcome, ...]
    revision: int


@dataclass(frozen=True, slots=True)
class Closures:
    """Approvals of a whole closure of dependencies, as one change."""

    hands: Hands
    granting: Granting
    resolver: Resolver

    async def approve_closure(
        self,
        actor: Actor,
        wish: Wish,
        targets: Sequence[Target],
        *,
        dry_run: bool = False,
        if_revision: int | None = None,
    ) -> Closure:
        """Approve the newest version that a requirement resolves to, and exactly what it needs, as one change.

        Raises what :meth:`Approvals.approve` raises, and Unresolved.
        """
        demand(actor, Permission.POLICY_APPROVE)
        ends_later(wish, self.hands.clock())
        read_requirement(wish.requirement)
        if wish.sha256:
            raise Unusable("Files named by their digests are approved without dependencies: nothing is resolved.")
        await self.hands.policy(wish.channel)
        draft = wished(actor, wish, NormalizedName(""), "", self.hands.clock())
        nodes = await self.resolver.resolve(wish.requirement, draft, targets)
        missing = [node for node in nodes if not await self._is_open(node, wish.channel)]
        drafts = [await self.granting.draft(actor, wish, node.project, f"=={node.version}") for node in missing]
        outcomes: list[Outcome] = []
        if drafts:
            outcomes = await self.granting.grant(actor, drafts, dry_run=dry_run, if_revision=if_revision)
        return Closure(tuple(nodes), tuple(outcomes), (await self.hands.live.current()).revision)

    async def _is_open(self, node: Node, channel: str) -> bool:
        """Whether a version is served in a channel already."""
        gateway = self.hands.gateway.answering_by(ChannelPolicy(self.hands.live, channel))
        composition = (await gateway.listing(node.project)).composition
        return any(judged.file.version == node.version for judged in composition.allowed)
