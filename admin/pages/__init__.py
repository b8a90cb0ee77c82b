"""The admin's pages: sign in, the inbox, an approval with its consequences before the button, emergencies, the audit.

Decided here:

* Pages are forms and links: they work without script, and no script is allowed.
"""

from __future__ import annotations

from starlette.routing import Route

from admin.pages import audit, closures, desk, emergencies, inbox, late, review, sign_in
from admin.pages.room import Room, signed, style

__all__ = ["Room", "routes"]


def routes(room: Room) -> list[Route]:
    """Return the pages, below ``/admin``."""
    return [
        Route("/", signed(room, inbox.inbox)),
        Route("/style.css", style),
        Route("/sign-in", sign_in.page(room), methods=["GET"]),
        Route("/sign-in", sign_in.enter(room), methods=["POST"]),
        Route("/sign-out", signed(room, sign_in.leave), methods=["POST"]),
        Route("/approve", signed(room, desk.approve_page), methods=["GET"]),
        Route("/approve", signed(room, desk.approve), methods=["POST"]),
        Route("/closures/{identity}", signed(room, closures.look), methods=["GET"]),
        Route("/closures/{identity}", signed(room, closures.act), methods=["POST"]),
        Route("/review/{project}", signed(room, review.review)),
        Route("/decline", signed(room, inbox.decline), methods=["POST"]),
        Route("/emergencies", signed(room, emergencies.listed), methods=["GET"]),
        Route("/emergencies", signed(room, emergencies.act), methods=["POST"]),
        Route("/admit", signed(room, late.admit), methods=["POST"]),
        Route("/audit", signed(room, audit.events)),
    ]
