"""What a check found, as every report reads it: the gate's answer, and where each requirement stands.

The gate's answer is JSON; :func:`read` makes values of it, so that a report never guesses at a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import msgspec

from proxy.model import Effect, Justification, Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One finding, as the gate words it. ``code`` is "" where nothing was judged."""

    sentence: str
    code: str = ""
    effect: Effect = Effect.FORBID
    next_step: str = ""
    until: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """The waiver that sets an advisory aside."""

    by: str
    owner: str
    until: datetime
    reason: str
    justification: Justification = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An advisory that affects the version. ``aliases`` are the other ids of the same matter."""

    id: str
    severity: Rating
    effect: Effect
    aliases: tuple[str, ...] = ()
    score: float | None = None
    malicious: bool = False
    summary: str = ""
    fixed: str | None = None
    next_step: str = ""
    waiver: Waived | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was said to one requirement. ``file`` and ``line`` say where it stands; "" and 0: nowhere."""

    name: str
    verdict: Literal["allowed", "refused", "unknown"]
    specifier: str = ""
    version: str | None = None
    reasons: tuple[Reason, ...] = ()
    advisories: tuple[Known, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def requirement(self) -> str:
        """The requirement, as it would be written."""
        return f"{self.name}{self.specifier}"

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons against it."""
        return tuple(reason for reason in self.reasons if reason.effect is Effect.FORBID)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryData:
    """The state of the gate's advisory data. ``sentence`` says all of it; ages are in whole hours."""

    level: str
    sentence: str
    records: int = 0
    source: str | None = None
    newest: datetime | None = None
    synced: datetime | None = None
    age_hours: int | None = None
    sync_age_hours: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A whole check. ``unreadable`` are sentences about what could not even be asked; ``tool`` is our version."""

    at: datetime
    revision: int
    advisory_data: AdvisoryData
    results: tuple[Result, ...]
    unreadable: tuple[str, ...] = ()
    tool: str = ""


Place = tuple[str, int]
"""A file and a line in it."""


def read(
    answer: Mapping[str, object], places: Sequence[Place], unreadable: Sequence[str] = (), tool: str = ""
) -> Checked:
    """Return what the gate answered, each result with the place of its requirement, in the order asked.

    Raises msgspec.ValidationError for what is no answer of a gate.
    """
    said = msgspec.convert(answer, Checked)
    pairs = zip(said.results, places, strict=True)
    placed = tuple(replace(result, file=file, line=line) for result, (file, line) in pairs)
    return replace(said, results=placed, unreadable=tuple(unreadable), tool=tool)
