"""What the routes of every matter share: their collaborators, who asks, and the header that takes a revision."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, WithJsonSchema

from admin.actions import Actions
from admin.auth import Authenticator
from admin.people.sessions import Sessions
from proxy.audit.keeper import Keeper
from proxy.feeds.sync import AdvisorySync
from proxy.live import Live
from proxy.model import Actor
from proxy.store import Store

Data = dict[str, object]
Who = Callable[..., Awaitable[Actor]]

LARGEST = 2**62

UPLOAD_AT_MOST = 256 << 20
"""Bytes."""

REVISION = re.compile(r"([0-9]{1,18}|\"[0-9]{1,18}\")")


def _revision(text: str) -> int:
    found = REVISION.fullmatch(text.strip())
    if not found:
        raise ValueError('say the revision that was seen, as ETag says it: "7"')
    return int(found[1].strip('"'))


IfMatch = Annotated[
    int | None,
    BeforeValidator(_revision),
    WithJsonSchema({"type": "string", "pattern": f"^{REVISION.pattern}$", "examples": ['"7"']}),
    Header(description="The revision that was seen (an answer's ETag): nothing is changed where it is another by now."),
]
"""Raises 422 for what is no revision; the act raises RevisionConflict, which is 412."""


class Answer(JSONResponse):
    """JSON whose ETag is the revision of the policy that it tells, where it tells one."""

    def __init__(self, content: Any, status_code: int = 200, **more: Any) -> None:
        super().__init__(content, status_code, **more)
        told = content[-1] if isinstance(content, list) and content else content
        revision = told.get("revision") if isinstance(told, dict) else None
        if isinstance(revision, int):
            self.headers["etag"] = f'"{revision}"'


@dataclass(frozen=True, slots=True)
class Desk:
    """The collaborators of the routes; ``url`` is where people reach the admin."""

    actions: Actions
    authenticator: Authenticator
    store: Store
    live: Live
    sync: AdvisorySync
    keeper: Keeper
    data_dir: Path
    clock: Callable[[], datetime]
    sessions: Sessions
    url: str
