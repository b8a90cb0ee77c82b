"""Who may do what: one table, no by default, pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from proxy.errors import GateError
from proxy.model import Actor


class Permission(StrEnum):
    """What can be permitted, in the grammar ``noun:verb``."""

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
    ACCESS_WRITE = "access:write"


_READING = frozenset({Permission.POLICY_READ, Permission.INBOX_READ})
_APPROVING = _READING | {
    Permission.POLICY_APPROVE,
    Permission.POLICY_PROHIBIT,
    Permission.POLICY_WAIVE,
    Permission.EMERGENCY_OPEN,
    Permission.EMERGENCY_REVIEW,
    Permission.AUDIT_READ,
}
_RUNNING = _READING | {
    Permission.TERMS_WRITE,
    Permission.ORIGINS_WRITE,
    Permission.FEED_WRITE,
    Permission.AUDIT_READ,
    Permission.ACCESS_WRITE,
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
    "reader": frozenset(),
    "requester": frozenset({Permission.POLICY_READ}),
    "auditor": _READING | {Permission.AUDIT_READ, Permission.EMERGENCY_REVIEW},
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
    """The actor's role does not hold the permission."""


def demand(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden unless the actor's role holds the permission."""
    if permission not in ROLES.get(actor.role, frozenset()):
        raise Forbidden(f"{actor.name} is {actor.role}, which does not include {permission}.")
