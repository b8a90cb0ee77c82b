"""What the admin API tells of advisory data."""

from __future__ import annotations

from typing_extensions import TypedDict

from proxy.policy.explaining import FeedData


class StatusOut(FeedData):
    """How much advisory data there is and how old it is, and how far an import is that is under way (None: none)."""

    importing: dict[str, object] | None


class TakenOut(TypedDict):
    """What an import came to: the records in force, the first faults, and how many records were which.

    ``withdrawn`` and ``narrowed`` say nothing more, or less than they did; ``kept`` is malware of which only the
    source does.
    """

    records: int
    newest: str
    sha256: str
    faults: list[str]
    added: int
    changed: int
    withdrawn: int
    narrowed: int
    kept: int
    vanished: int
    unreadable: int
