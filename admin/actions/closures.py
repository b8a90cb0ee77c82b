"""Approving a requirement together with exactly what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from admin.actions.granting import Granting, Outcome, wished
from admin.actions.hands import Hands
from admin.actions.resemblances import met
from admin.actions.wishes import Wish, ends_later, read_requirement
from admin.closure import Node, Resolver, Target, Unresolved
from admin.roles import Permission, demand
from proxy.channels import ChannelPolicy
from proxy.model import Actor, Approval


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

        A look-alike that it needs stops the approval like one that is approved itself.
        Raises what :meth:`Approvals.approve` raises, and Unresolved.
        """
        demand(actor, Permission.POLICY_APPROVE)
        ends_later(wish, self.hands.clock())
        read_requirement(wish.requirement)
        await self.hands.policy(wish.channel)
        draft = wished(actor, wish, NormalizedName(""), "", self.hands.clock())
        try:
            nodes = await self.resolver.resolve(wish.requirement, draft, targets)
        except Unresolved as error:
            await self._meet(error, wish, draft)
            raise
        missing = [node for node in nodes if not await self._is_open(node, wish.channel)]
        drafts = [await self.granting.draft(actor, wish, node.project, f"=={node.version}") for node in missing]
        outcomes: list[Outcome] = []
        if drafts:
            outcomes = await self.granting.grant(actor, drafts, dry_run=dry_run, if_revision=if_revision)
        return Closure(tuple(nodes), tuple(outcomes), (await self.hands.live.current()).revision)

    async def _meet(self, error: Unresolved, wish: Wish, draft: Approval) -> None:
        """Raise NeedsAcknowledgement where it is a look-alike that stood in the way."""
        if error.refused:
            snapshot = await self.hands.policy(wish.channel)
            met(draft, {error.refused: wish.requirement}, [snapshot], self.hands.clock())

    async def _is_open(self, node: Node, channel: str) -> bool:
        """Whether a version is served in a channel already."""
        gateway = self.hands.gateway.answering_by(ChannelPolicy(self.hands.live, channel))
        composition = (await gateway.listing(node.project)).composition
        return any(judged.file.version == node.version for judged in composition.allowed)
