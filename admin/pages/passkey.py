"""Passkeys: signing in with one, as second factor or alone, and proving oneself again.

The page asks the browser's own dialogue, which takes a script: the only one of the admin.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.pages.cookies import CHALLENGE
from admin.pages.room import Room, back_to, fields, guest, show_with_script
from admin.pages.table import let_in, signed_in
from admin.people.proof import NotProved
from admin.people.sessions import Signed


async def page(room: Room, request: Request) -> Response:
    """Ask the browser for a passkey: of whoever is half signed in or proves themselves again, else of anybody."""
    return _asking(room, await _who(room, request), "", back_to(request.query_params.get("next", "")))


async def enter(room: Room, request: Request) -> Response:
    """Take what the browser answered."""
    signed = await _who(room, request)
    reply, wanted = await fields(request, "answer", "next")
    try:
        secret = await room.entrance.by_passkey(signed, reply, room.jar.get(request, CHALLENGE), guest(request))
    except NotProved as error:
        return _asking(room, signed, str(error), back_to(wanted), 403)
    answer = RedirectResponse(f"/admin{back_to(wanted)}", 303)
    await let_in(room, request, answer, secret)
    room.jar.drop(answer, CHALLENGE)
    return answer


async def _who(room: Room, request: Request) -> Signed | None:
    """Return the session of a person that waits for a passkey, None where there is none."""
    signed = await signed_in(room, request)
    return signed if signed is not None and signed.account is not None else None


def _asking(room: Room, signed: Signed | None, problem: str, back: str, status: int = 200) -> Response:
    passkeys = room.people.passkeys
    asked = passkeys.to_prove(signed.account if signed else None, room.clock())
    facts = {"problem": problem, "options": asked.options, "origin": passkeys.origin, "back": back, "verb": "get"}
    answer = show_with_script(room, "passkey.html", status, actor=None, **facts)
    room.jar.put(answer, CHALLENGE, asked.sealed)
    return answer
