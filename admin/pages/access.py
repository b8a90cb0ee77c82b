"""Who may come in besides people: tokens and CI jobs; every role with what it may; and who is signed in."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Proposed, Unknown, Unusable
from admin.pages.room import Room, checked, fields, listed, show
from admin.roles import ROLES, Forbidden, Permission
from admin.schemas.given import TokenIn
from admin.schemas.given_people import RuleIn
from admin.schemas.told_people import rule_data, session_data, token_data, used_data
from proxy.errors import GateError
from proxy.model import Actor, Token


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """Show the tokens, the rules for CI jobs, the roles and the sessions."""
    return await _page(room, request, actor)


async def issue(room: Room, request: Request, actor: Actor) -> Response:
    """Issue a token; its secret is shown once."""
    name, role, days, channel, projects, networks = await fields(
        request, "name", "role", "days", "channel", "projects", "networks"
    )
    given = {"name": name, "role": role, "days": days, "projects": projects.split(), "networks": networks.split()}
    try:
        body = checked(TokenIn, given | ({"channel": channel.strip()} if channel.strip() else {}))
        issued = await room.actions.access.issue_token(actor, body.name, body.role, body.valid, body.narrowed())
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, request, actor, str(error))
    return show(room, "token.html", 201, actor=actor, secret=issued.secret, token=token_data(issued.token))


async def add_rule(room: Room, request: Request, actor: Actor) -> Response:
    """Add a rule by which CI jobs get a token."""
    names = ("name", "issuer", "audience", "role", "reason")
    given: dict[str, object] = dict(zip(names, await fields(request, *names), strict=True))
    (claims,) = await fields(request, "claims")
    given["claims"] = {claim.strip(): value.strip() for claim, _, value in (w.partition("=") for w in claims.split())}
    try:
        body = checked(RuleIn, given)
        await room.actions.rules.add(actor, body.wanted(), body.reason)
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, request, actor, str(error))
    return RedirectResponse("/admin/access", 303)


async def end(room: Room, request: Request, actor: Actor) -> Response:
    """End a token, a rule or a session, as the button says."""
    verb, identity, reason = await fields(request, "do", "id", "reason")
    match verb:
        case "token":
            await room.actions.access.withdraw_token(actor, identity, reason)
        case "rule":
            await room.actions.rules.end(actor, identity, reason)
        case "session":
            await _end_session(room, actor, identity)
        case _:
            raise Unusable("That button is not known here.")
    return RedirectResponse("/admin/access", 303)


async def _end_session(room: Room, actor: Actor, identity: str) -> None:
    found = next((found for found in await room.people.sessions.all() if found.session.id == identity), None)
    if found is None:
        raise Unknown("There is no such session any more.")
    await room.people.sessions.end(found, actor)


async def _page(room: Room, request: Request, actor: Actor, problem: str = "") -> Response:
    kept = [t for t in await asyncio.to_thread(room.store.entries, "token") if isinstance(t, Token)]
    uses = await room.actions.access.uses()
    tokens, more_tokens = listed(request, "tokens", kept, lambda token: (token.name, token.id))
    rules, more_rules = listed(
        request, "rules", await room.actions.rules.all(), lambda rule: (rule.at.isoformat(), rule.id)
    )
    sessions, more_sessions = listed(
        request,
        "sessions",
        await room.people.sessions.all(),
        lambda signed: (signed.session.opened.isoformat(), signed.session.id),
    )
    return show(
        room,
        "access.html",
        422 if problem else 200,
        actor=actor,
        tokens=[used_data(token, uses) for token in tokens],
        rules=[rule_data(rule) for rule in rules],
        sessions=[session_data(found) for found in sessions],
        following={"tokens": more_tokens, "rules": more_rules, "sessions": more_sessions},
        roles=ROLES,
        permissions=list(Permission),
        problem=problem,
    )
