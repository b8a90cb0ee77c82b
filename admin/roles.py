"""Who may do what: one table, no by default, pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from proxy.errors import GateError
from proxy.model import Actor


class Permission(StrEnum):
    """What can be permitted, in the grammar ``noun:verb``, but for the two things that installers and CI do."""

    READ = "read"
    REQUEST = "request"
    POLICY_READ = "policy:read"
    POLICY_APPROVE = "policy:approve"
    POLICY_PROHIBIT = "policy:prohibit"
    POLICY_WAIVE = "policy:waive"
    EMERGENCY_OPEN = "emergency:open"
    EMERGENCY_REVIEW = "emergency:review"
    TERMS_WRITE = "terms:write"
    ORIGINS_WRITE = "origins:write"
    FEED_WRITE = "feed:write"
    INBOX_READ = "inbox:read"
    AUDIT_READ = "audit:read"
    ACCESS_READ = "access:read"
    ACCESS_WRITE = "access:write"
    PROPOSAL_DECIDE = "proposal:decide"


_INSTALLING = frozenset({Permission.READ})
_ASKING = _INSTALLING | {Permission.REQUEST, Permission.POLICY_READ}
_READING = _ASKING | {Permission.INBOX_READ}
_APPROVING = _READING | {
    Permission.POLICY_APPROVE,
    Permission.POLICY_PROHIBIT,
    Permission.POLICY_WAIVE,
    Permission.EMERGENCY_OPEN,
    Permission.EMERGENCY_REVIEW,
    Permission.AUDIT_READ,
    Permission.PROPOSAL_DECIDE,
}
_RUNNING = _READING | {
    Permission.TERMS_WRITE,
    Permission.ORIGINS_WRITE,
    Permission.FEED_WRITE,
    Permission.AUDIT_READ,
    Permission.ACCESS_READ,
    Permission.ACCESS_WRITE,
    Permission.PROPOSAL_DECIDE,
}

_DOCUMENTS = frozenset(
    {
        Permission.POLICY_APPROVE,
        Permission.POLICY_PROHIBIT,
        Permission.POLICY_WAIVE,
        Permission.TERMS_WRITE,
        Permission.ORIGINS_WRITE,
        Permission.AUDIT_READ,
    }
)

ROLES: Mapping[str, frozenset[Permission]] = {
    "reader": _INSTALLING,
    "requester": _ASKING,
    "auditor": _READING | {Permission.AUDIT_READ, Permission.ACCESS_READ, Permission.EMERGENCY_REVIEW},
    "approver": _APPROVING,
    "administrator": _RUNNING,
    "pipeline": _READING | _DOCUMENTS,
    "owner": _APPROVING | _RUNNING,
}
"""``reader`` may install where anonymous reading is off, and nothing here. ``owner`` is the first-run role.

``pipeline`` is for a machine that applies what was reviewed elsewhere: all that a policy document says, and neither
access nor emergencies. Who may merge into that document's branch holds it.
"""


class Forbidden(GateError):
    """The actor's role, or the scope of its token, does not hold the permission."""


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor's role, and its scope where it has one, hold the permission."""
    held = permission in ROLES.get(actor.role, frozenset())
    return held and (not actor.scope or permission in actor.scope)


def demand(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden unless the actor's role, and its scope where it has one, hold the permission."""
    if permission not in ROLES.get(actor.role, frozenset()):
        raise Forbidden(f"{actor.name} is {actor.role}, which does not include {permission}.")
    if actor.scope and permission not in actor.scope:
        raise Forbidden(f"{actor.name} is a token for {', '.join(actor.scope)}, which does not include {permission}.")


def demand_person(actor: Actor) -> None:
    """Raise Forbidden for a token that no account answers for: whoever holds two of those would be two people."""
    if not actor.is_person:
        raise Forbidden(
            f"This takes two people, and {actor.name} is a token that belongs to no account. Sign in with yours, or "
            "use a token that you issued to yourself on your account's page: wicketgate account invite NAME"
        )


def demand_all_of(actor: Actor, role: str) -> None:
    """Raise Forbidden unless the actor holds everything that a role does: nobody gives away what they do not hold."""
    for permission in ROLES.get(role, frozenset()):
        demand(actor, permission)
