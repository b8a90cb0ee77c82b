"""One's own account: factors, recovery codes, password, and the browsers that are signed in."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Narrowed, Unknown, Unusable
from admin.pages.cookies import CHALLENGE
from admin.pages.room import Room, fields, number, show, show_with_script
from admin.pages.table import let_in
from admin.people.codes import Sheet
from admin.people.proof import NotProved
from admin.people.sessions import Signed
from admin.roles import ROLES
from admin.schemas.told_people import account_data, session_data, token_data
from proxy.model import Account

NO_ACCOUNT = "You are signed in with a token, which has no account. Invite yourself: wicketgate account invite NAME"


async def page(room: Room, _request: Request, signed: Signed) -> Response:
    """Show one's own account."""
    account = _account(signed)
    mine = [found for found in await room.people.sessions.all() if found.actor.id == account.id]
    return show(
        room,
        "account.html",
        actor=signed.actor,
        account=account_data(account),
        passkeys=account.passkeys,
        enrolling=signed.session.stage == "enrol",
        passkeys_here=room.people.takes_passkeys,
        sessions=[session_data(found) for found in mine],
        tokens=[token_data(token) for token in room.live.credentials.owned(account.id)],
        roles=[role for role in ROLES if ROLES[role] <= ROLES.get(account.role, frozenset())],
        here=signed.session.id,
    )


async def codes_page(room: Room, _request: Request, signed: Signed) -> Response:
    """Show a fresh seed to be taken over by an authenticator application."""
    return _seed(room, signed, room.people.codes.new_seed(room.clock()), "")


async def enrol_codes(room: Room, request: Request, signed: Signed) -> Response:
    """Enrol the application that shows the right code."""
    sealed, code = await fields(request, "seed", "code")
    try:
        account, sheet = await room.actions.own.enrol_codes(signed.actor, _account(signed), sealed, code)
    except NotProved as error:
        return _seed(room, signed, sealed, str(error), 403)
    return await _changed(room, request, signed, account, sheet, "totp")


async def passkey_page(room: Room, _request: Request, signed: Signed) -> Response:
    """Ask the browser to make a passkey."""
    return _passkey(room, signed, "")


async def enrol_passkey(room: Room, request: Request, signed: Signed) -> Response:
    """Enrol the passkey that the browser made."""
    reply, label = await fields(request, "answer", "label")
    sealed = room.jar.get(request, CHALLENGE)
    try:
        account, sheet = await room.actions.own.enrol_passkey(signed.actor, _account(signed), reply, sealed, label)
    except NotProved as error:
        return _passkey(room, signed, str(error), 403)
    return await _changed(room, request, signed, account, sheet, "passkey")


async def new_sheet(room: Room, request: Request, signed: Signed) -> Response:
    """Make ten new recovery codes."""
    account, sheet = await room.actions.own.new_sheet(signed.actor, _account(signed))
    return await _changed(room, request, signed, account, sheet)


async def drop(room: Room, request: Request, signed: Signed) -> Response:
    """Drop a factor."""
    (factor,) = await fields(request, "factor")
    account = await room.actions.own.drop(signed.actor, _account(signed), factor)
    return await _changed(room, request, signed, account, None)


async def set_password(room: Room, request: Request, signed: Signed) -> Response:
    """Change the password; every other session ends."""
    old, new = await fields(request, "old", "new")
    account = await room.actions.own.set_password(signed.actor, _account(signed), old, new)
    return await _changed(room, request, signed, account, None)


async def issue_token(room: Room, request: Request, signed: Signed) -> Response:
    """Issue oneself a token, for a terminal; it is shown once."""
    _account(signed)
    name, role, days = await fields(request, "name", "role", "days")
    valid = timedelta(days=min(number(days) or 0, 10_000))
    issued = await room.actions.access.issue_own(signed.actor, name, role, valid, Narrowed())
    return show(room, "token.html", 201, actor=signed.actor, secret=issued.secret, token=token_data(issued.token))


async def withdraw_token(room: Room, request: Request, signed: Signed) -> Response:
    """End one of one's own tokens."""
    (identity,) = await fields(request, "token")
    await room.actions.access.withdraw_own(signed.actor, identity)
    return RedirectResponse("/admin/account", 303)


async def end_session(room: Room, request: Request, signed: Signed) -> Response:
    """End one of one's own sessions."""
    (identity,) = await fields(request, "session")
    mine = [found for found in await room.people.sessions.all() if found.actor.id == signed.actor.id]
    found = next((found for found in mine if found.session.id == identity), None)
    if found is None:
        raise Unknown("You have no such session.")
    await room.people.sessions.end(found, signed.actor)
    return RedirectResponse("/admin/account", 303)


def _account(signed: Signed) -> Account:
    if signed.account is None:
        raise Unusable(NO_ACCOUNT)
    return signed.account


def _seed(room: Room, signed: Signed, sealed: str, problem: str, status: int = 200) -> Response:
    codes, at, account = room.people.codes, room.clock(), _account(signed)
    seed = codes.seed(sealed, at)
    if not seed:
        raise Unusable("That seed was not made here. Begin again.")
    spaced = " ".join(seed[n : n + 4] for n in range(0, len(seed), 4))
    link = codes.link(sealed, account.name, at)
    facts = {"seed": spaced, "link": link, "sealed": sealed, "problem": problem}
    return show(room, "codes.html", status, actor=signed.actor, **facts)


def _passkey(room: Room, signed: Signed, problem: str, status: int = 200) -> Response:
    passkeys = room.people.passkeys
    asked = passkeys.to_enrol(_account(signed), room.clock())
    facts = {"problem": problem, "options": asked.options, "origin": passkeys.origin, "back": "", "verb": "create"}
    answer = show_with_script(room, "passkey.html", status, actor=signed.actor, **facts)
    room.jar.put(answer, CHALLENGE, asked.sealed)
    return answer


async def _changed(
    room: Room, request: Request, signed: Signed, account: Account, sheet: Sheet | None, proof: str = ""
) -> Response:
    """Go on under a new session: the change ended all of them. ``proof`` is what was just enrolled and so proved."""
    method = proof or signed.session.method
    secret = await room.people.sessions.renew(signed, method, account, proved=bool(proof))
    answer: Response = RedirectResponse("/admin/account", 303)
    if sheet is not None:
        answer = show(room, "recovery.html", actor=signed.actor, codes=sheet.codes)
    await let_in(room, request, answer, secret)
    return answer
