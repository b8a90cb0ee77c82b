"""Signing in with the OpenID provider: there, and back.

Decided here:

* The way back ends on a page of ours that leads on by itself: a cookie that is SameSite=Strict does not travel with a
  redirect from another site, and the next request is our own.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from admin.actions import Unusable
from admin.pages.cookies import FLOW
from admin.pages.room import Room, guest, show
from admin.pages.table import let_in, signed_in
from admin.people.proof import NotProved


async def start(room: Room, request: Request) -> Response:
    """Send the browser to the provider; one that is signed in there proves itself again."""
    if room.people.openid is None:
        raise Unusable("No OpenID provider is set up here: serve --oidc-issuer")
    signed = await signed_in(room, request)
    again = signed.session.id if signed and signed.account and signed.account.issuer else ""
    where, cookie = await room.people.openid.start(room.clock(), again)
    answer = RedirectResponse(where, 303)
    room.jar.put(answer, FLOW, cookie)
    return answer


async def back(room: Room, request: Request) -> Response:
    """Take what the provider's redirect brought."""
    openid, at = room.people.openid, room.clock()
    if openid is None:
        raise Unusable("No OpenID provider is set up here: serve --oidc-issuer")
    visitor = guest(request)
    await room.people.tries.attempt("openid", None, visitor.address)
    try:
        vouched, again = await openid.finish(dict(request.query_params), room.jar.get(request, FLOW), at)
        account = await room.actions.vouching.meet(vouched, visitor.address)
    except NotProved as error:
        await room.people.tries.failed(None, visitor.address, f"OpenID: {error}")
        answer: Response = show(room, "problem.html", 403, actor=None, problem=str(error))
        room.jar.drop(answer, FLOW)
        return answer
    room.people.tries.succeeded("openid", visitor.address)
    secret, _ = await room.people.sessions.open(account, "full", "openid", visitor, vouched.proved)
    if again:
        await room.people.sessions.replaced(again)
    answer = show(room, "signed-in.html", actor=None, name=account.name)
    await let_in(room, request, answer, secret)
    room.jar.drop(answer, FLOW)
    return answer
