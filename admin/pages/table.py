"""The table of pages: each with who may see it, and what stands before it.

Decided here:

* Every page says who may see it: anybody, whoever is signed in, or who holds a permission.
* A form is taken only from our own origin, by the browser's own headers (Origin, Sec-Fetch-Site).
* A dangerous act takes a proof that is younger than ten minutes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from admin.pages.cookies import DEVICE, SESSION
from admin.pages.room import SECURE, Room, address, failed
from admin.people.sessions import Signed
from admin.roles import Permission, demand
from proxy.errors import GateError
from proxy.forms import same_origin
from proxy.model import Actor

SIGNED_IN, ANYBODY = "signed in", "anybody"
NOT_OURS = "This form was not sent from the gate's own page.\n"

Handler = Callable[[Request], Awaitable[Response]]
ForAnybody = Callable[["Room", Request], Awaitable[Response]]
ForActor = Callable[["Room", Request, Actor], Awaitable[Response]]
ForOwner = Callable[["Room", Request, Signed], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the table: ``needs`` is a permission, "signed in" or "anybody".

    ``fresh`` is where to come back to after a proof, for acts that take a fresh one; ``enrolling`` lets somebody in
    who must enrol a second factor first.
    """

    method: str
    path: str
    needs: Permission | str
    serve: Callable[[Room], Handler]
    fresh: str = ""
    enrolling: bool = False


def open_page(method: str, path: str, show_it: ForAnybody) -> Page:
    """Return the line of a page that everybody may see."""

    def serve(room: Room) -> Handler:
        async def handler(request: Request) -> Response:
            if request.method == "POST" and not same_origin(request):
                return PlainTextResponse(NOT_OURS, 403, SECURE)
            await room.live.current()
            try:
                return await show_it(room, request)
            except GateError as error:
                return failed(room, error, None)

        return handler

    return Page(method, path, ANYBODY, serve)


def page(method: str, path: str, needs: Permission, show_it: ForActor, fresh: str = "") -> Page:
    """Return the line of a page for those who hold a permission."""

    async def shown(room: Room, request: Request, signed: Signed) -> Response:
        demand(signed.actor, needs)
        return await show_it(room, request, signed.actor)

    return Page(method, path, needs, _signed(shown, fresh), fresh)


def own_page(method: str, path: str, show_it: ForOwner, fresh: str = "", *, enrolling: bool = False) -> Page:
    """Return the line of a page on which people see what is their own."""
    return Page(method, path, SIGNED_IN, _signed(show_it, fresh, enrolling=enrolling), fresh, enrolling)


def _signed(show_it: ForOwner, fresh: str, *, enrolling: bool = False) -> Callable[[Room], Handler]:
    def serve(room: Room) -> Handler:
        async def handler(request: Request) -> Response:
            if request.method == "POST" and not same_origin(request):
                return PlainTextResponse(NOT_OURS, 403, SECURE)
            signed = None
            try:
                signed = await signed_in(room, request)
                where = _elsewhere(signed, room.clock(), _back(request, fresh), enrolling=enrolling)
                if signed is None or where:
                    return RedirectResponse(where, 303)
                return await show_it(room, request, signed)
            except GateError as error:
                return failed(room, error, signed.actor if signed else None)

        return handler

    return serve


async def signed_in(room: Room, request: Request) -> Signed | None:
    """Return the session that a browser brings, whatever its stage. Raises StoreError."""
    return await room.people.sessions.find(room.jar.get(request, SESSION), address(request))


def _elsewhere(signed: Signed | None, at: datetime, fresh: str, *, enrolling: bool) -> str:
    """Return where a browser has to go first, "" where nowhere."""
    if signed is None:
        return "/admin/sign-in"
    if signed.session.stage == "password":
        return "/admin/sign-in/factor"
    if signed.session.stage == "enrol" and not enrolling:
        return "/admin/account"
    return f"/admin/step-up?{urlencode({'next': fresh})}" if fresh and not signed.fresh(at) else ""


def _back(request: Request, fresh: str) -> str:
    """Return where to come back to after a proof: to the very page, where it is one to come back to."""
    query = request.scope["query_string"].decode("latin-1")
    same = request.method == "GET" and request.scope["path"] == f"/admin{fresh}" and query
    return f"{fresh}?{query}" if fresh and same else fresh


async def let_in(room: Room, request: Request, answer: Response, secret: str) -> None:
    """Give a browser the secret of its session; the one it had before is forgotten. Raises StoreError.

    One that is wholly in is known from then on: strangers who guess do not slow it down.
    """
    await room.people.sessions.leave(room.jar.get(request, SESSION))
    room.jar.put(answer, SESSION, secret)
    signed = await room.people.sessions.find(secret, address(request))
    if signed is not None and signed.account is not None and signed.session.stage == "full":
        room.jar.put(answer, DEVICE, room.people.devices.new(signed.account, room.clock()))
