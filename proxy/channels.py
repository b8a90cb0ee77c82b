"""The policy of one channel: what is in force, seen through the channel's own terms and approvals.

Every channel answers from the one snapshot of the process; a view is made once for each snapshot.
"""

from __future__ import annotations

from packaging.utils import NormalizedName

from proxy.live import Live
from proxy.policy.snapshot import PolicySnapshot


class ChannelPolicy:
    """What a gateway answers by, for one channel ("" is the default one)."""

    def __init__(self, live: Live, name: str = "") -> None:
        self._live, self.name = live, name
        self._seen = live.snapshot
        self._view = self._seen.seen_in(name)

    @property
    def snapshot(self) -> PolicySnapshot:
        """The channel's policy as it stands."""
        return self._of(self._live.snapshot)

    def at_hand(self) -> PolicySnapshot | None:
        """Return the channel's policy if it is the one in force, None where that must be loaded first."""
        snapshot = self._live.at_hand()
        return None if snapshot is None else self._of(snapshot)

    async def current(self, _project: NormalizedName | None = None, /) -> PolicySnapshot:
        """Return the channel's policy in force, for asking about a project."""
        return self._sure(await self._live.current())

    async def names_known(self, _project: NormalizedName | None = None, /) -> PolicySnapshot:
        """Return it as soon as look-alikes can be recognised."""
        return self._sure(await self._live.names_known())

    def _sure(self, snapshot: PolicySnapshot) -> PolicySnapshot:
        """Return the view of a snapshot by which somebody is going to be served. Raises StoreError for an old one."""
        self._live.demand_sure()
        return self._of(snapshot)

    def _of(self, snapshot: PolicySnapshot) -> PolicySnapshot:
        if snapshot is not self._seen:
            self._seen, self._view = snapshot, snapshot.seen_in(self.name)
        return self._view
