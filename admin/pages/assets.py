"""The style sheet of every page, and the one script there is: it asks a browser for a passkey."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from admin.pages.room import Room

STATIC = Path(__file__).parent.parent / "static"
HEADERS = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}


async def style(_room: Room, _request: Request) -> Response:
    """Return the style sheet of every page."""
    return Response((STATIC / "style.css").read_text(), media_type="text/css", headers=HEADERS)


async def script(_room: Room, _request: Request) -> Response:
    """Return the script of the pages with passkeys."""
    return Response((STATIC / "passkeys.js").read_text(), media_type="text/javascript", headers=HEADERS)
