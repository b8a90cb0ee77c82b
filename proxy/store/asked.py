"""The nouns of requests under idempotency keys, and what a store does for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

State = Literal["begun", "running", "other", "done", "too-many"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under a key: who sent it (an actor's id), and the digest of everything that makes it this request."""

    actor: str
    key: str
    method: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it was sent. ``body`` is None where it is not kept."""

    status: int
    headers: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Repeat:
    """How it stands with a key. ``attempt`` is set where it is ``begun``; ``event`` is the first it committed.

    Of what is ``done``, ``answer`` is None where the answer got lost.
    """

    state: State
    attempt: str = ""
    event: int | None = None
    answer: Answered | None = None


class Repeats(Protocol):
    """The keys of a day. The words of each are in :mod:`proxy.store.repeats`."""

    def begin(self, asked: Asked, holder: str, at: datetime) -> Repeat:
        """Begin a request for the process ``holder``, or say how it stands with the one that had the key."""

    def finish(self, attempt: str, answer: Answered) -> None:
        """Keep what was answered."""

    def abandon(self, attempt: str) -> None:
        """Leave an attempt that ended without an answer to whoever sends the key next."""
