"""The index as it would be if everything asked for were approved: what a resolver looks at for a reviewer.

It answers what every other rule refuses, and nothing of it is ever served to an installer: each preview
lives at an address with a secret in it, as long as its resolution runs. Only the gate's own user learns that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from packaging.utils import NormalizedName

from proxy.channels import ChannelPolicy
from proxy.model import Approval, Code
from proxy.policy.changes import acknowledgements
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Preview:
    """The policy in force with a standing approval of whatever project is asked for."""

    policy: ChannelPolicy
    wish: Approval

    @property
    def snapshot(self) -> PolicySnapshot:
        """The policy in force, without the wish."""
        return self.policy.snapshot

    def at_hand(self) -> None:
        """Nothing of a preview is ever at hand: it is asked for once."""

    async def current(self, project: NormalizedName | None = None) -> PolicySnapshot:
        """Return the policy in force with the wish granted for ``project``."""
        snapshot = (await self.policy.names_known()).enforced()
        if project is None:
            return snapshot
        granted = replace(self.wish, id=f"preview:{project}", project=project, specifier="", standing=True, files=())
        supposed = snapshot.supposing(granted)
        terms = supposed.terms
        if Code.TOO_NEW in self.wish.acknowledged:
            terms = replace(terms, minimum_age=timedelta(0), ages={})
        if Code.FROZEN in self.wish.acknowledged:
            terms = replace(terms, freeze=None)
        return supposed.amended((*acknowledgements(granted, project), terms), (), snapshot.revision)

    async def names_known(self, project: NormalizedName | None = None) -> PolicySnapshot:
        """The same: a preview always waits for the names."""
        return await self.current(project)
