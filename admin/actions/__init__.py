"""The security team's verbs. Each checks the role, shows what would happen, and commits one change.

Decided here:

* One matter, one class, one file; all of them work through the same :class:`Hands`.
* A reason is not optional.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from admin.actions.access import Access
from admin.actions.approvals import Approvals
from admin.actions.channels import Channels
from admin.actions.closures import Closure, Closures
from admin.actions.copies import Copies
from admin.actions.exclusions import Exclusions
from admin.actions.granting import Granting, Outcome
from admin.actions.hands import Hands
from admin.actions.holders import Holders
from admin.actions.inbox import Inbox
from admin.actions.queries import Queries
from admin.actions.reports import Reports
from admin.actions.standing import Standing
from admin.actions.wishes import NeedsAcknowledgement, Unusable, Wish
from admin.closure import Resolver
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.store import Store

__all__ = ["Actions", "Closure", "NeedsAcknowledgement", "Outcome", "Unusable", "Wish"]


@dataclass(frozen=True, slots=True)
class Actions:
    """The verbs by matter, for the API, the pages and, through the API, the terminal."""

    approvals: Approvals
    closures: Closures
    channels: Channels
    exclusions: Exclusions
    inbox: Inbox
    standing: Standing
    access: Access
    holders: Holders
    queries: Queries
    copies: Copies
    reports: Reports

    @classmethod
    def of(
        cls, store: Store, live: Live, gateway: Gateway, resolver: Resolver, clock: Callable[[], datetime]
    ) -> Actions:
        """Return the verbs, made from their collaborators."""
        hands = Hands(store, live, gateway, clock)
        granting = Granting(hands)
        return cls(
            approvals=Approvals(hands, granting),
            closures=Closures(hands, granting, resolver),
            channels=Channels(hands),
            exclusions=Exclusions(hands),
            inbox=Inbox(hands),
            standing=Standing(hands),
            access=Access(hands),
            holders=Holders(hands),
            queries=Queries(hands),
            copies=Copies(hands),
            reports=Reports(hands),
        )
