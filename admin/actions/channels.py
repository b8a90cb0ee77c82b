"""Channels: more than one policy on one gate, each inheriting from another.

Decided here:

* A channel is closed only when no other inherits from it; what was said in it ends with it.
* A channel's name is the first word of its index URL, so it cannot be a word that stands there already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from admin.actions.hands import Hands, Settled, seen
from admin.actions.wishes import CHANNELS_AT_MOST, Unknown, Unusable, read_channel, said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, Channel, Terms
from proxy.policy import changes, emergencies
from proxy.policy.terms import NAMES, amended


@dataclass(frozen=True, slots=True)
class Channels:
    """Opening, changing and closing channels."""

    hands: Hands

    async def open(self, actor: Actor, name: str, base: str, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Open a channel that inherits everything from ``base`` ("" is the default channel).

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.TERMS_WRITE)
        await self.hands.policy(base)
        snapshot = await self.hands.live.current()
        if read_channel(name) in snapshot.channels:
            raise Unusable(f"There is a channel {name} already.")
        if len(snapshot.channels) >= CHANNELS_AT_MOST:
            raise Unusable(f"There are {CHANNELS_AT_MOST} channels, which is as many as there may be. Close one first.")
        entry = Channel(f"channel:{name}", name, base, Terms(), (), actor.name, said(reason), self.hands.clock())
        return await self.hands.commit(changes.open_channel(entry), actor, seen(snapshot, if_revision))

    async def set_terms(
        self,
        actor: Actor,
        name: str,
        given: Mapping[str, Any],
        inherit: Collection[str],
        reason: str,
        if_revision: int | None = None,
        *,
        dry_run: bool = False,
    ) -> Settled:
        """Make terms a channel's own (by the names of :class:`~proxy.model.Terms`), or let it inherit them again.

        Raises Forbidden, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.TERMS_WRITE)
        before = (await self.hands.policy(name)).terms
        snapshot = await self.hands.live.current()
        channel = snapshot.channels[name]
        unknown = set(inherit) - NAMES
        if unknown:
            raise Unusable(f"There is no term {min(unknown)[:40]!r}. wicketgate terms lists them.")
        own = tuple(sorted({*channel.sets, *given} - set(inherit)))
        # What is by project is changed from what counts in the channel now, be it inherited or its own.
        changed = replace(channel, terms=amended(before, given), sets=own)
        after = snapshot.amended((changed,), (), snapshot.revision).of_channel(name).terms
        change = changes.set_channel_terms(changed, before, after, said(reason))
        return await self.hands.settle(change, actor, seen(snapshot, if_revision), dry_run=dry_run)

    async def close(self, actor: Actor, name: str, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Close a channel and end what was said in it.

        Raises Forbidden, Unknown, Unusable, RevisionConflict, StoreError.
        """
        demand(actor, Permission.TERMS_WRITE)
        snapshot = await self.hands.live.current()
        if name not in snapshot.channels:
            raise Unknown(f"There is no channel {name[:40]!r} to close. wicketgate channels list")
        heirs = [channel.name for channel in snapshot.channels.values() if channel.base == name]
        if heirs:
            raise Unusable(f"{name} cannot be closed: {', '.join(heirs)} inherits from it.")
        if waiting := emergencies.unreviewed(snapshot, name):
            raise Unusable(waiting)
        change = changes.close_channel(snapshot.channels[name], snapshot.only_in(name), said(reason))
        return await self.hands.commit(change, actor, seen(snapshot, if_revision))
