"""Who has it: who was handed a release out, asked by project and version, by digest, or by an advisory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from admin.pages.room import Room, show
from admin.schemas.told import holder_data
from proxy.errors import GateError
from proxy.model import Actor, HandedOut

ASKED = ("project", "version", "sha256", "advisory")
LINES, SUMS = 500, 20


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """Show the question, and its answer by release, client and build."""
    asked = {name: request.query_params.get(name, "").strip()[:128] for name in ASKED}
    lines: Sequence[HandedOut] = ()
    problem = ""
    if any(asked.values()):
        try:
            lines = await room.actions.holders.who_has(**asked)
        except GateError as error:
            problem = str(error)
    releases = Counter(f"{line.project} {line.version}" for line in lines)
    builds = Counter(line.agent for line in lines)
    return show(
        room,
        "who-has.html",
        422 if problem else 200,
        actor=actor,
        asked=asked,
        lines=[holder_data(line) for line in lines[:LINES]],
        more=max(len(lines) - LINES, 0),
        clients=len({line.client for line in lines}),
        releases=releases.most_common(SUMS),
        releases_total=len(releases),
        builds=builds.most_common(SUMS),
        builds_total=len(builds),
        problem=problem,
    )
