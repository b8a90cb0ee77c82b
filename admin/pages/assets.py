"""What the pages ship with: the style sheet, the scripts and the icon. Nothing comes from elsewhere."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from admin import STATIC
from admin.pages.table import ForAnybody, Page, open_page

HEADERS = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}
SHIPPED = {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
    "desk.js": "text/javascript",
    "charts.js": "text/javascript",
    "chart.umd.min.js": "text/javascript",
    "passkeys.js": "text/javascript",
}
"""Every file with its type."""


def lines() -> list[Page]:
    """Return a line of the table of pages for each file."""
    return [open_page("GET", f"/{name}", _sender(name, kind)) for name, kind in SHIPPED.items()]


def _sender(name: str, kind: str) -> ForAnybody:
    async def send(_room: object, _request: Request) -> Response:
        return FileResponse(STATIC / name, media_type=kind, headers=HEADERS)

    return send
