"""The approved set as others take it: what is served now, in a format of theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.roles import Permission, demand
from proxy.channels import ChannelPolicy
from proxy.locks.writers.approved import ApprovedSet, Release, Withheld, released
from proxy.model import Actor
from proxy.policy import telling
from proxy.policy.listing import Composition

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Exports:
    """Exports of the approved set. ``url`` is the gate's, as people reach it, without a slash at the end."""

    hands: Hands
    url: str

    async def approved(self, actor: Actor, channel: str) -> ApprovedSet:
        """Return what a channel serves of what is approved there. Raises Forbidden, Unusable, UpstreamError."""
        demand(actor, Permission.POLICY_READ)
        policy = await self.hands.policy(channel)
        gateway = self.hands.gateway.answering_by(ChannelPolicy(self.hands.live, channel))
        turn = asyncio.Semaphore(AT_ONCE)

        async def composed(project: NormalizedName) -> Composition:
            async with turn:
                return (await gateway.listing(project)).composition

        projects = sorted(policy.grants)
        compositions = await asyncio.gather(*map(composed, projects))
        served = {
            project: _served(project, composition) for project, composition in zip(projects, compositions, strict=True)
        }
        releases = tuple(release for found in served.values() for release in found)
        withheld = [found for found in compositions if not served[found.verdict.subject.project]]
        url = f"{self.url}/{channel}".rstrip("/")
        at = max(
            (grant.approval.at for grants in policy.grants.values() for grant in grants), default=self.hands.clock()
        )
        return ApprovedSet(url, policy.revision, at, releases, tuple(map(_withheld, withheld)))


def _served(project: NormalizedName, composition: Composition) -> list[Release]:
    """Return what is served because it is approved, not because nothing is enforced (observe mode)."""
    return released(project, [item.file for item in composition.allowed if not item.verdict.observed])


def _withheld(composition: Composition) -> Withheld:
    verdicts = [composition.verdict, *(judged.verdict for judged in composition.files)]
    refused = next((verdict for verdict in verdicts if verdict.refusals), None)
    reason = telling.headline(refused) if refused else "No file of it is known."
    return Withheld(composition.verdict.subject.project, reason)
