"""Rules by which CI jobs get a short-lived token for an ID token of theirs.

Decided here:

* A rule names at least one claim by more than ``*``: an issuer signs for the whole world.
* A pass lives a quarter of an hour at most, and reads or asks; nothing else is given to a job.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable, said
from admin.roles import Permission, demand
from proxy.extras import demand_installed
from proxy.model import Actor, AuditEvent, CiRule
from proxy.policy import changes_people as changes
from proxy.upstream.origins import is_https_or_loopback

RULES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as somebody writes it."""

    name: str
    issuer: str
    audience: str
    claims: Mapping[str, str]
    role: Literal["reader", "requester"]
    channel: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of exchange."""

    hands: Hands

    async def all(self) -> list[CiRule]:
        """Return the rules, in the order in which they are tried."""
        await self.hands.live.current()
        return sorted(self.hands.live.credentials.rules.values(), key=lambda rule: (rule.at, rule.id))

    async def add(self, actor: Actor, wanted: Wanted, reason: str) -> CiRule:
        """Add a rule. Raises Forbidden, NotInstalled, Unusable, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        demand_installed("joserfc")
        if not is_https_or_loopback(wanted.issuer):
            raise Unusable("An issuer is an https URL, spelt as its ID tokens spell it (iss).")
        if not any(pattern.strip("*?") for pattern in wanted.claims.values()):
            raise Unusable(
                "Name at least one claim, or everybody who has a job there comes in: --claim repository=ours/*"
            )
        if wanted.channel:
            await self.hands.policy(wanted.channel)
        rules = await self.all()
        if len(rules) >= RULES_AT_MOST or any(rule.name == wanted.name for rule in rules):
            raise Unusable(f"There is a rule {wanted.name} already, or there are too many. Remove one first.")
        rule = CiRule(
            id=f"rule:{secrets.token_hex(8)}", name=wanted.name, issuer=wanted.issuer, audience=wanted.audience,
            claims=dict(wanted.claims), role=wanted.role, by=actor.name, reason=said(reason), at=self.hands.clock(),
            channel=wanted.channel, minutes=wanted.minutes,
        )  # fmt: skip
        await self.hands.commit(changes.put_rule(rule), actor)
        return rule

    async def end(self, actor: Actor, name: str, reason: str) -> AuditEvent:
        """End a rule and every pass that it gave, at once. Raises Forbidden, Unknown, StoreError."""
        demand(actor, Permission.ACCESS_WRITE)
        found = next((rule for rule in await self.all() if name in {rule.name, rule.id}), None)
        if found is None:
            raise Unknown(f"There is no rule {name[:80]!r}. wicketgate oidc rules list")
        return await self.hands.commit(changes.end_rule(found, said(reason)), actor)
