"""What the routes of every matter share: their collaborators, who asks, and the header that takes a revision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import Header

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

IF_MATCH = Header(None, ge=0, le=LARGEST, description="The revision that was seen.")


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
