"""One's own requests: what the API takes, and what it and the pages tell of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from admin.schemas.given import ChannelName, Requirement, Strict
from proxy.model import Ask
from proxy.policy.reporting import Lifetime

State = Literal["waits", "granted", "declined", "ended"]


class RequestIn(Strict):
    """What somebody asks the security team for."""

    requirement: Requirement
    why: str = Field(max_length=1000, examples=["For the shop's pages"], description="What it is needed for.")
    channel: ChannelName = ""


class OwnOut(TypedDict):
    """What somebody asked for; ``by`` and ``reason`` are of who ended it ("" and None where it waits)."""

    id: str
    project: str
    specifier: str
    channel: str
    why: str
    at: str
    state: State
    ended: str | None
    by: str
    reason: str


def own_data(life: Lifetime) -> OwnOut:
    """Return what somebody asked for, and what became of it, as JSON data."""
    ask = life.entry
    assert isinstance(ask, Ask)  # noqa: S101  chosen by kind
    return {
        "id": ask.id,
        "project": ask.project,
        "specifier": ask.specifier,
        "channel": ask.channel,
        "why": ask.why,
        "at": ask.at.isoformat(),
        "state": _state(life),
        "ended": life.ended_at.isoformat() if life.ended_at else None,
        "by": life.ended_by,
        "reason": life.ended_reason,
    }


def waiting_data(ask: Ask) -> OwnOut:
    """Return what somebody asks for now as JSON data."""
    return own_data(Lifetime(ask, ask.at))


def _state(life: Lifetime) -> State:
    if life.ended_at is None:
        return "waits"
    if life.ended_tag == "project:request:declined":
        return "declined"
    return "granted" if life.ended_tag.startswith("project:") else "ended"
