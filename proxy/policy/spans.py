"""What an OSV record's ``affected`` entries say, as break points on the line of all versions.

The OSV schema's evaluation algorithm in PEP 440's order, worked out once: a record becomes a sorted
row of cuts where "not affected" and "affected" take turns, so that a question is one bisection.

Decided here:

* Text that PEP 440 cannot read sorts below all that it can, and among itself in the order of
  setuptools' old ``LegacyVersion``, as both OSV implementations do. ``introduced: "0"`` is below all.
* GIT ranges say nothing about versions. Every other type, SEMVER included, is read in PEP 440 order.
* ``limit``: below any one of them is enough, ``*`` is no limit.
* Events are sorted, so their order is irrelevant. Where one range both opens and closes at the same
  version, what was affected stays affected, and what was not gains nothing.
* A listed version is one point on the line; what PEP 440 cannot read is compared as a string.

Must not know: severities, aliases, projects, where records come from.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from packaging.version import Version

from proxy.model import Affected, AffectedRange
from proxy.policy import versions

Cut = tuple[int, Version | tuple[str, ...], Literal[0, 1]]
"""A place between versions: how it is read, the version, and whether it lies before or after it."""

LOWEST: Final = "*"
"""The notation of the cut below every version. Others are ``<`` (before) or ``=`` (after) a version."""

_EVERYTHING: Final = (LOWEST,)
"""The cuts of what affects every version; most malware does."""

_KEPT_LIST: Final = 2000
"""Versions of the longest list for which an answer is kept."""

_LOWEST: Final[Cut] = (-1, (), 0)
_HIGHEST: Final[Cut] = (2, (), 0)


@dataclass(frozen=True, slots=True)
class Spans:
    """What is affected: ``cuts`` open and close in turn (the last may stay open), in their notation.

    ``fixed`` are versions at which a span ends because of a fix, ascending. ``odd`` are listed
    versions that PEP 440 cannot read and no span holds.
    """

    cuts: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


def place(version: str) -> Cut:
    """Return the cut right before ``version``, which is also where the version itself is looked up."""
    read = versions.version(version)
    return (0, _legacy(version), 0) if read is None else (1, read, 0)


@lru_cache(maxsize=65536)
def cut(notation: str) -> Cut:
    """Return the cut that a notation stands for."""
    if notation == LOWEST:
        return _LOWEST
    read, version, _ = place(notation[1:])
    return read, version, 0 if notation[0] == "<" else 1


def spans(entries: Iterable[Affected]) -> Spans:
    """Return what the entries of one record about one project say together."""
    entries = tuple(entries)
    ranges = tuple([wanted for entry in entries for wanted in entry.ranges if wanted.type != "GIT"])
    said = _of_ranges(ranges)
    listed = tuple([version for entry in entries for version in entry.versions])
    if not listed or said.cuts == _EVERYTHING:
        return said
    return _repeated(ranges, listed) if len(listed) <= _KEPT_LIST else _together(ranges, listed)


def holds(wide: Spans, narrow: Spans) -> bool:
    """Whether all that ``narrow`` affects is affected by ``wide`` too."""
    ends, asked = [cut(notation) for notation in wide.cuts], [cut(notation) for notation in narrow.cuts]
    for start, end in zip(asked[::2], [*asked[1::2], _HIGHEST], strict=False):
        at = bisect_right(ends, start)
        if at % 2 == 0 or (at < len(ends) and ends[at] < end):
            return False
    return all(version in wide.odd or bisect_right(ends, place(version)) % 2 for version in narrow.odd)


def _together(ranges: tuple[AffectedRange, ...], listed: tuple[str, ...]) -> Spans:
    """Return what ranges and listed versions say together, having asked which of these the ranges hold already."""
    said = _of_ranges(ranges)
    held = [cut(notation) for notation in said.cuts]
    extra = [version for version in set(listed) if bisect_right(held, place(version)) % 2 == 0]
    return _listing(ranges, extra) if extra else said


_repeated = lru_cache(maxsize=2048)(_together)
"""Kept, since every other record repeats what one about its project says."""


@lru_cache(maxsize=4096)
def _of_ranges(ranges: tuple[AffectedRange, ...]) -> Spans:
    """Return what ranges say; kept, since thousands of malware records say just "everything"."""
    return _listing(ranges, ())


def _listing(ranges: tuple[AffectedRange, ...], listed: Iterable[str]) -> Spans:
    """Return what ranges and listed versions say together."""
    readable = {version for version in listed if versions.version(version) is not None}
    points = [(f"<{version}", f"={version}") for version in readable]
    whole = _union([*(span for wanted in ranges for span in _spans(wanted)), *points])
    cuts = tuple(end for span in whole for end in span if end is not None)
    return Spans(cuts, tuple(_fixes(ranges, whole)), tuple(sorted(set(listed) - readable)))


Span = tuple[str, str | None]
"""From one notation up to another, or without an end."""


def _spans(wanted: AffectedRange) -> Iterator[Span]:
    """Run the schema's evaluation over one range's sorted events."""
    events = sorted(wanted.events)
    opens = {cut(end): end for end in map(_opening, events) if end}
    closes = {cut(end): end for end in map(_closing, events) if end}
    limit = _limit(wanted)
    start: str | None = None
    for at in sorted(opens.keys() ^ closes.keys()):
        if start is None and at in opens:
            start = opens[at]
        elif start is not None and at in closes:
            yield from _below(limit, start, closes[at])
            start = None
    if start is not None:
        yield from _below(limit, start, None)


def _opening(event: tuple[str, str]) -> str | None:
    kind, version = event
    if kind != "introduced":
        return None
    return LOWEST if version == "0" else f"<{version}"


def _closing(event: tuple[str, str]) -> str | None:
    kind, version = event
    if kind == "fixed":
        return f"<{version}"
    return f"={version}" if kind == "last_affected" else None


def _limit(wanted: AffectedRange) -> str | None:
    """Return the highest limit as a notation; None where there is none."""
    limits = [version for kind, version in wanted.events if kind == "limit"]
    if not limits or "*" in limits:
        return None
    return max((f"<{version}" for version in limits), key=cut)


def _below(limit: str | None, start: str, end: str | None) -> Iterator[Span]:
    """Yield the part of a span that lies below the limit."""
    if limit is not None and (end is None or cut(limit) < cut(end)):
        end = limit
    if end is None or cut(start) < cut(end):
        yield start, end


def _union(given: Iterable[Span]) -> list[Span]:
    """Return spans that neither overlap nor touch, ascending."""
    merged: list[Span] = []
    for start, end in sorted(given, key=lambda span: (cut(span[0]), _end(span[1]), span[1] or "")):
        if merged and cut(start) <= _end(merged[-1][1]):
            before, old = merged[-1]
            merged[-1] = before, max(old, end, key=_end)
        else:
            merged.append((start, end))
    return merged


def _end(notation: str | None) -> Cut:
    return _HIGHEST if notation is None else cut(notation)


def _fixes(ranges: Iterable[AffectedRange], whole: list[Span]) -> Iterator[str]:
    """Yield the fixed versions that end a span, ascending: others are affected in another way."""
    named = [version for wanted in ranges for kind, version in wanted.events if kind == "fixed"]
    spelled = {place(version): version for version in sorted(named, reverse=True)}
    for _, end in whole:
        if end is not None and cut(end) in spelled:
            yield spelled[cut(end)]


_PART: Final = re.compile(r"(\d+|[a-z]+|\.|-)")
_SAME: Final = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}


def _legacy(version: str) -> tuple[str, ...]:
    """Return setuptools' old sorting key of a version that PEP 440 cannot read."""
    parts: list[str] = []
    for part in _parts(version.lower()):
        if part.startswith("*"):
            while part < "*final" and parts and parts[-1] == "*final-":
                parts.pop()
            while parts and parts[-1] == "00000000":
                parts.pop()
        parts.append(part)
    return tuple(parts)


def _parts(version: str) -> Iterator[str]:
    for found in _PART.split(version):
        part = _SAME.get(found, found)
        if part and part != ".":
            yield part.zfill(8) if part[0].isdigit() else f"*{part}"
    yield "*final"
