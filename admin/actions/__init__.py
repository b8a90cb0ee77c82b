"""The security team's verbs. Each checks the role, shows what would happen, and commits one change.

Decided here:

* One matter, one class, one file; all of them work through the same :class:`Hands`.
* A reason is not optional.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from admin.actions.access import Access, Narrowed
from admin.actions.accounts import Accounts, Invited
from admin.actions.adoption import Adopting, Adoption
from admin.actions.approvals import Approvals, Foreseen
from admin.actions.channels import Channels
from admin.actions.closures import Closures
from admin.actions.copies import Copies
from admin.actions.documents import Applied, Documents, Plan
from admin.actions.emergencies import Emergencies
from admin.actions.exclusions import Exclusions
from admin.actions.exports import Exports
from admin.actions.granting import Granting, Outcome
from admin.actions.hands import Hands, Settled
from admin.actions.holders import Holders
from admin.actions.imports import Imports
from admin.actions.inbox import Inbox, Inboxed
from admin.actions.late import Late
from admin.actions.lookalikes import LookAlikes
from admin.actions.own import Own
from admin.actions.projects import About, Found, Projects
from admin.actions.proposals import Proposals
from admin.actions.queries import Queries
from admin.actions.replaying import Replaying
from admin.actions.reports import Reports
from admin.actions.requests import Requests
from admin.actions.resolutions import Resolution, Resolutions, Step
from admin.actions.resolving import Resolving
from admin.actions.reviews import Review, Reviews
from admin.actions.rules import Rules, Wanted
from admin.actions.standing import Standing
from admin.actions.today import Seen, Today
from admin.actions.vouching import Vouching
from admin.actions.wishes import NeedsAcknowledgement, Proposed, Unknown, Unusable, Wish
from admin.closure import Resolver
from admin.people.parts import People
from proxy.alerts import Alerts
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Actor
from proxy.store import Store

__all__ = [
    "About",
    "Actions",
    "Adoption",
    "Applied",
    "Foreseen",
    "Found",
    "Inboxed",
    "Invited",
    "Narrowed",
    "NeedsAcknowledgement",
    "Outcome",
    "Plan",
    "Proposed",
    "Resolution",
    "Resolutions",
    "Review",
    "Seen",
    "Settled",
    "Step",
    "Unknown",
    "Unusable",
    "Wanted",
    "Wish",
]


@dataclass(frozen=True, slots=True)
class Actions:
    """The verbs by matter, for the API, the pages and, through the API, the terminal."""

    approvals: Approvals
    closures: Closures
    channels: Channels
    emergencies: Emergencies
    exclusions: Exclusions
    imports: Imports
    exports: Exports
    inbox: Inbox
    late: Late
    reviews: Reviews
    projects: Projects
    today: Today
    lookalikes: LookAlikes
    standing: Standing
    access: Access
    holders: Holders
    accounts: Accounts
    own: Own
    vouching: Vouching
    rules: Rules
    proposals: Proposals
    documents: Documents
    adopting: Adopting
    queries: Queries
    copies: Copies
    reports: Reports
    requests: Requests

    async def set_terms(
        self,
        actor: Actor,
        channel: str,
        given: Mapping[str, Any],
        inherit: Collection[str],
        reason: str,
        if_revision: int | None = None,
        *,
        dry_run: bool = False,
    ) -> Settled:
        """Change standing rules where they count: in a channel, or in the default one ("").

        Raises Forbidden, Proposed, Unusable, RevisionConflict, StoreError.
        """
        if channel:
            return await self.channels.set_terms(actor, channel, given, inherit, reason, if_revision, dry_run=dry_run)
        if inherit:
            raise Unusable("The default channel inherits from nothing. Say which channel does.")
        return await self.standing.set_terms(actor, given, reason, if_revision, dry_run=dry_run)

    @classmethod
    def of(
        cls,
        store: Store,
        live: Live,
        gateway: Gateway,
        resolver: Resolver,
        resolutions: Resolutions,
        alerts: Alerts,
        people: People,
        clock: Callable[[], datetime],
        url: str,
    ) -> Actions:
        """Return the verbs, made from their collaborators; ``url`` is where people reach the gate."""
        hands = Hands(store, live, gateway, clock)
        granting = Granting(hands)
        return cls(
            approvals=Approvals(hands, granting),
            closures=Closures(hands, granting, resolver, resolutions),
            channels=Channels(hands),
            emergencies=Emergencies(hands, granting, alerts),
            exclusions=Exclusions(hands),
            imports=Imports(hands, granting),
            exports=Exports(hands, url),
            inbox=Inbox(hands),
            late=Late(hands, granting),
            reviews=Reviews(hands),
            projects=Projects(hands),
            today=Today(hands),
            lookalikes=LookAlikes(hands),
            standing=Standing(hands),
            access=Access(hands),
            holders=Holders(hands),
            accounts=Accounts(hands),
            own=Own(hands, people),
            vouching=Vouching(hands),
            rules=Rules(hands),
            proposals=Proposals(hands, alerts),
            documents=Documents(hands, Resolving(hands), Replaying(hands)),
            adopting=Adopting(hands),
            queries=Queries(hands),
            copies=Copies(hands),
            reports=Reports(hands),
            requests=Requests(hands),
        )
