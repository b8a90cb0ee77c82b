"""Where no page is: said in the frame of one, with the way back. It says the same to everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from admin.actions import Unknown
from admin.pages.room import Room, failed
from admin.pages.table import Handler, signed_in
from proxy.errors import GateError

NOWHERE = Unknown("There is no page at this address.")


def serve(room: Room) -> Handler:
    """Return the handler of every address that no page has."""

    async def handler(request: Request) -> Response:
        try:
            signed = await signed_in(room, request)
        except GateError:
            signed = None  # who asks cannot be known now; there is no page for them either
        whole = signed is not None and signed.session.stage == "full"
        return failed(room, NOWHERE, signed.actor if signed and whole else None)

    return handler
