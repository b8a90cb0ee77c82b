"""The second factor: a code of an authenticator application or a recovery code, or on to the passkey page.

The same page takes it for a sign-in that is not finished, and for a dangerous act (step-up).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.cookies import DEVICE
from admin.pages.room import Room, back_to, fields, guest, show
from admin.pages.table import let_in, signed_in
from admin.people.proof import NotProved
from admin.people.sessions import Signed


async def page(room: Room, request: Request) -> Response:
    """Ask for the second factor of a sign-in."""
    signed = await signed_in(room, request)
    if signed is None or signed.account is None or signed.session.stage != "password":
        return RedirectResponse("/admin/sign-in", 303)
    return _asking(room, signed, "")


async def enter(room: Room, request: Request) -> Response:
    """Take a code, and finish the sign-in under a new session."""
    signed = await signed_in(room, request)
    if signed is None or signed.account is None or signed.session.stage != "password":
        return RedirectResponse("/admin/sign-in", 303)
    (code,) = await fields(request, "code")
    try:
        return await _proved(room, request, signed, code, "/admin/")
    except NotProved as error:
        return _asking(room, signed, str(error), 403)


async def again(room: Room, request: Request, signed: Signed) -> Response:
    """Ask for a proof before a dangerous act."""
    return _asking(room, signed, "", back=back_to(request.query_params.get("next", "")))


async def prove_again(room: Room, request: Request, signed: Signed) -> Response:
    """Take a proof before a dangerous act: a code, or where there is no second factor, password or token."""
    code, secret, wanted = await fields(request, "code", "secret", "next")
    back = back_to(wanted)
    try:
        if signed.account is not None and signed.account.has_factor:
            return await _proved(room, request, signed, code, f"/admin{back}")
        renewed = await room.entrance.again_by_secret(signed, secret, guest(request), room.jar.get(request, DEVICE))
    except NotProved as error:
        return _asking(room, signed, str(error), 403, back=back)
    answer = RedirectResponse(f"/admin{back}", 303)
    await let_in(room, request, answer, renewed)
    return answer


async def _proved(room: Room, request: Request, signed: Signed, code: str, where: str) -> Response:
    secret = await room.entrance.by_code(signed, code, guest(request), room.jar.get(request, DEVICE))
    answer = RedirectResponse(where, 303)
    await let_in(room, request, answer, secret)
    return answer


def _asking(room: Room, signed: Signed, problem: str, status: int = 200, back: str | None = None) -> Response:
    """Show the page; ``back`` is None for a sign-in."""
    account = signed.account
    return show(
        room,
        "factor.html",
        status,
        actor=None if back is None else signed.actor,
        problem=problem,
        back=back,
        factor=account is not None and account.has_factor,
        codes=account is not None and bool(account.totp or account.recovery),
        passkeys=account is not None and bool(account.passkeys) and room.people.takes_passkeys,
        issuer=account.issuer if account else "",
        token=account is None,
    )
