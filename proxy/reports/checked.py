"""What a check found, as every report reads it: the gate's answer, and where each requirement stands.

The gate's answer is JSON; :func:`read` makes values of it, so that a report never guesses at a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

import msgspec

from proxy.model import Code, Effect, Justification, Rating


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
class LockedFile:
    """A digest that a lock names: the file that has it (None: none that is known), and whether it is served."""

    sha256: str
    filename: str | None
    served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """An address that installers would follow past the gate, and the gate's own to write instead, if it has one."""

    url: str
    kind: str
    at: str
    project: str = ""
    instead: str | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was said to one requirement. ``file`` and ``line`` say where it stands ("" and 0: nowhere), ``at`` in words.

    ``files`` are the digests that a lock has for it, each with the file that has it.
    """

    name: str
    verdict: Literal["allowed", "refused", "unknown"]
    specifier: str = ""
    version: str | None = None
    reasons: tuple[Reason, ...] = ()
    advisories: tuple[Known, ...] = ()
    files: tuple[LockedFile, ...] = ()
    at: str = ""
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

    @property
    def told(self) -> tuple[Reason, ...]:
        """What a developer should read: the refusals, a resemblance too weak for one, and that it is an emergency."""
        loud = {Code.LOOK_ALIKE, Code.EMERGENCY}
        return tuple(reason for reason in self.reasons if reason in self.refusals or reason.code in loud)


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
    """A whole check. ``unreadable`` are sentences about what could not even be asked, ``aside`` on what was left out.

    ``detours`` are the addresses that go round the gate. ``tool`` is our version.
    """

    at: datetime
    revision: int
    advisory_data: AdvisoryData
    results: tuple[Result, ...]
    detours: tuple[Detour, ...] = ()
    unreadable: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    tool: str = ""


def read(answer: Mapping[str, object], tool: str = "") -> Checked:
    """Return what the gate answered. Raises msgspec.ValidationError for what is no answer of a gate."""
    return replace(msgspec.convert(answer, Checked), tool=tool)
