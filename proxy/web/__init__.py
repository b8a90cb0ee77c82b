"""HTTP for installers and developers.

The index (``/simple/``) and the files (``/files/``, ``/refused/``) are plain ASGI callables, since
every microsecond there is paid by every build; everything else is a list of Starlette routes.

Decided here:

* The path is read from ``scope["path"]`` and never from a reconstructed URL; no header changes it.
* Links are relative, so the Host header is never reflected into a page.
* Response headers are a fixed set; nothing of the upstream's travels through.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.web.files import FileDoor, RefusedDoor
from proxy.web.index import IndexDoor
from proxy.web.previews import PreviewDoor


class Doors:
    """Sends a request to its door by the first word of its path."""

    def __init__(
        self, index: IndexDoor, files: FileDoor, refused: RefusedDoor, preview: PreviewDoor, rest: ASGIApp
    ) -> None:
        self._doors: dict[str, ASGIApp] = {
            "simple": index,
            "files": files,
            "refused": refused,
            "preview": preview,
        }
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan of the rest."""
        door = self._rest
        if scope["type"] == "http":
            door = self._doors.get(scope["path"].partition("/")[2].partition("/")[0], self._rest)
        await door(scope, receive, send)
