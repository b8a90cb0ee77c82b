"""What somebody asks for with an account or a token of their own, and what became of it.

Decided here:

* One's own requests are those that the record says this very account or token made: a name proves nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, read_requirement
from admin.roles import Permission, demand
from proxy.asking import Asking
from proxy.model import Actor, Ask
from proxy.policy.reporting import Lifetime


@dataclass(frozen=True, slots=True)
class Requests:
    """Wishes for the security team's inbox."""

    hands: Hands

    async def ask(self, actor: Actor, requirement: str, why: str, channel: str = "") -> Ask:
        """Ask for a project, or a range of it, in a channel. The same wish of the same person is one wish.

        Raises Forbidden, Unusable, TooMany, StoreError.
        """
        demand(actor, Permission.REQUEST)
        project, specifier = read_requirement(requirement)
        await self.hands.policy(channel)
        try:
            return await Asking(self.hands.store, self.hands.clock, channel).ask(project, specifier, why, actor)
        except ValueError as error:
            raise Unusable(str(error)) from error

    async def of(self, actor: Actor) -> list[Lifetime]:
        """Return what somebody asked for, the newest first, with what ended each. Raises Forbidden, StoreError."""
        demand(actor, Permission.REQUEST)
        lives = await asyncio.to_thread(self.hands.store.trail.lifetimes, "ask", actor.id)
        return list(reversed(lives))
