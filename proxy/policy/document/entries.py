"""The nouns of a policy document: what a person writes of the policy, without who, when and under which id.

Decided here:

* Two spellings of one thing are one value: ranges, patterns, times and lists have a canonical form, so that
  comparing values is comparing policies.
* A place is where an entry stands in a document, for the sentence about a fault; it is no part of its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from packaging.utils import NormalizedName

from proxy.model import Justification, Terms
from proxy.policy.versions import specifier as read_specifier

Place = tuple[str | int, ...]
"""Keys and positions (from 0) that lead to something in a document: ("approvals", 3, "until")."""

Values = Mapping[str, object]
"""Terms by the names of :class:`~proxy.model.Terms`: all of them, or those that are a channel's own."""


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """A channel with the terms that are its own."""

    name: str
    base: str
    reason: str
    terms: Values = field(hash=False)
    place: Place = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ApprovalEntry:
    """An approval. ``files`` are pairs of file name and SHA-256; none means whatever matches."""

    project: NormalizedName
    specifier: str
    reason: str
    channel: str = ""
    standing: bool = False
    prereleases: bool = False
    sdists: bool = False
    yanked: bool = False
    legacy: bool = False
    acknowledged: tuple[str, ...] = ()
    until: datetime | None = None
    ticket: str = ""
    exact: bool = False
    files: tuple[tuple[str, str], ...] = ()
    place: Place = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ProhibitionEntry:
    """A prohibition."""

    project: NormalizedName
    specifier: str
    reason: str
    channel: str = ""
    place: Place = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class WaiverEntry:
    """A waiver of one advisory."""

    project: NormalizedName
    specifier: str
    advisory: str
    reason: str
    until: datetime
    owner: str
    channel: str = ""
    justification: Justification = ""
    place: Place = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class OriginEntry:
    """A server that package files may come from."""

    url: str
    settled: bool = True
    place: Place = field(default=(), compare=False)


Entry = ChannelEntry | ApprovalEntry | ProhibitionEntry | WaiverEntry | OriginEntry


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as written. A ``fragment`` adds to the policy in force, any other is the whole of it.

    ``terms`` of a fragment are those it sets. ``revision`` is the one that it was exported at.
    """

    terms: Values = field(default_factory=dict)
    channels: tuple[ChannelEntry, ...] = ()
    approvals: tuple[ApprovalEntry, ...] = ()
    prohibitions: tuple[ProhibitionEntry, ...] = ()
    waivers: tuple[WaiverEntry, ...] = ()
    origins: tuple[OriginEntry, ...] = ()
    revision: int | None = field(default=None, compare=False)
    fragment: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a document, and where."""

    place: Place
    sentence: str


TERMS = tuple(term.name for term in fields(Terms) if term.name != "id")
"""The names of the terms, in the order in which a document lists them."""


def values_of(terms: Terms, names: tuple[str, ...] = TERMS) -> Values:
    """Return terms in canonical form, by name."""
    return {name: canonical(getattr(terms, name)) for name in TERMS if name in names}


def canonical(value: object) -> object:
    """Return a term's value as it is compared: lists sorted, tables by key, times in UTC."""
    if isinstance(value, tuple | list):
        return tuple(sorted({str(item) for item in value}))
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def printable(text: str) -> str:
    """Return a text for people without what could move a terminal's cursor or forge a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def ranged(text: str) -> str:
    """Return the canonical spelling of a range (PEP 440). Raises ValueError."""
    found = read_specifier(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is not a version range (PEP 440). Say for example >=2,<3")
    return str(found)


CHANNEL_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
"""How a channel may be called: its name stands in URLs."""

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([dhms])", re.ASCII)
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = timedelta(days=3650)


def duration(text: str) -> timedelta:
    """Read a duration: a number and d, h, m or s (``7d``, ``36h``). Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:40]!r} is not a duration. Say for example 7d, 36h, 30m or 10s")
    length = timedelta(microseconds=int(Decimal(found[1]) * _UNITS[found[2]] * 1_000_000))
    if length > LONGEST:
        raise ValueError(f"{text} is too long: say at most {LONGEST.days}d")
    return length


def spelt(length: timedelta) -> str:
    """Return a duration as :func:`duration` reads it, in its largest whole unit."""
    for unit, seconds in _UNITS.items():
        count, rest = divmod(length, timedelta(seconds=seconds))
        if not rest:
            return f"{count}{unit}"
    return f"{length.days * 86_400 + length.seconds}.{length.microseconds:06}s"
