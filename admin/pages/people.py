"""Everybody who has an account: invited, given a role, reset, disabled."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Invited, Unusable
from admin.pages.room import Room, fields, listed, show
from admin.roles import ROLES, Permission
from admin.schemas.told_people import account_data, invited_data
from proxy.model import ROLES as FOR_PEOPLE
from proxy.model import Actor


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """List the accounts by name; who may change them gets the forms."""
    shown, following = listed(
        request, "people", await room.actions.accounts.all(), lambda account: (account.name, account.id)
    )
    return show(
        room,
        "people.html",
        actor=actor,
        accounts=[account_data(account) for account in shown],
        following=following,
        may_change=Permission.ACCESS_WRITE in ROLES.get(actor.role, frozenset()),
        roles=[role for role in FOR_PEOPLE if ROLES[role] <= ROLES.get(actor.role, frozenset())],
        required=room.people.mfa_required,
    )


async def invite(room: Room, request: Request, actor: Actor) -> Response:
    """Invite somebody; the secret is shown once."""
    name, role, reason = await fields(request, "name", "role", "reason")
    return _secret(room, actor, await room.actions.accounts.invite(actor, name.strip(), role, reason))


async def change(room: Room, request: Request, actor: Actor) -> Response:
    """Do to one account what the button said."""
    identity, verb, role, reason = await fields(request, "account", "do", "role", "reason")
    verbs = room.actions.accounts
    match verb:
        case "reset":
            return _secret(room, actor, await verbs.reset(actor, identity, reason))
        case "role":
            await verbs.set_role(actor, identity, role, reason)
        case "disable":
            await verbs.disable(actor, identity, reason)
        case "enable":
            await verbs.enable(actor, identity, reason)
        case _:
            raise Unusable("That button is not known here.")
    return RedirectResponse("/admin/people", 303)


def _secret(room: Room, actor: Actor, invited: Invited) -> Response:
    return show(room, "invitation.html", 201, actor=actor, invited=invited_data(invited, room.url))
