"""One OSV record: its JSON text to a :class:`~proxy.model.Advisory` (https://ossf.github.io/osv-schema/).

Decided here:

* Only entries of the PyPI ecosystem are kept, under their normalised names (PEP 503), blanks around them dropped.
* Malicious is what says so: an id of the MAL- series, the mark of the OpenSSF collection, CWE-506
  (embedded malicious code), or a summary that begins by calling it a malicious package.
* ``null`` for an optional list is an absent one; some writers spell it so.
* A record that breaks the schema is not thrown away but mended (:mod:`proxy.feeds.mending`), and
  what was wrong with it is reported.

Must not know: archives, the store, what is in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from packaging.utils import canonicalize_name

from proxy.feeds import mending
from proxy.model import Advisory, Affected, AffectedRange
from proxy.policy import severity

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_LONGEST_SUMMARY: Final = 300
_CALLS_ITSELF_MALICIOUS: Final = re.compile(r"(malicious (package|code)|malware)(\W*$| in )", re.IGNORECASE)
_EMBEDDED_MALICIOUS_CODE: Final = "CWE-506"


class _Package(msgspec.Struct, gc=False):
    ecosystem: str
    name: str


class _Rated(msgspec.Struct, gc=False):
    type: str
    score: str


class _Range(msgspec.Struct, gc=False):
    type: str
    events: list[dict[str, str]]


class _Entry(msgspec.Struct, gc=False):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Rated] | None = None


class _Specific(msgspec.Struct, gc=False):
    """What databases add of their own; anything may stand here."""

    severity: object = None
    cwe_ids: object = None
    origins: object = msgspec.field(default=None, name="malicious-packages-origins")


class _Record(msgspec.Struct, gc=False):
    id: str
    modified: _Time
    affected: list[_Entry] = []
    aliases: list[str] | None = None
    summary: str | None = None
    published: _Time | None = None
    withdrawn: _Time | None = None
    severity: list[_Rated] | None = None
    database_specific: _Specific | None = None


_decode: Final = msgspec.json.Decoder(_Record).decode


class Unreadable(ValueError):
    """Nothing can be made of a record: its message says why."""


@dataclass(frozen=True, slots=True)
class Read:
    """A record as read. ``problems`` is empty for a sound one; otherwise it was read at its widest."""

    advisory: Advisory
    problems: tuple[str, ...] = ()


def read(text: bytes, fallback_id: str) -> Read:
    """Return the record in ``text``; ``fallback_id`` names it where it does not name itself.

    Raises Unreadable for what is no JSON object, or has no id at all.
    """
    try:
        return _read(text, fallback_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {error}") from error


def _read(text: bytes, fallback_id: str) -> Read:
    try:
        record = _decode(text)
    except msgspec.ValidationError as error:
        return _mended(text, fallback_id, str(error))
    ours, malicious = _ours(record), _malicious(record)
    unsound = _unsound(record, ours, malicious=malicious)
    return _mended(text, fallback_id, unsound) if unsound else Read(_advisory(record, ours, malicious=malicious))


def _mended(text: bytes, fallback_id: str, first: str) -> Read:
    raw = msgspec.json.decode(text)
    if not isinstance(raw, dict):
        raise Unreadable("it is no JSON object")
    mended, problems = mending.mend(raw, fallback_id, strict=False)
    record = msgspec.convert(mended, _Record)
    if malicious := _malicious(record):
        mended, problems = mending.mend(raw, fallback_id, strict=True)
        record = msgspec.convert(mended, _Record)
    if not mending.is_id(record.id):
        raise Unreadable("it has no id")
    told = tuple(dict.fromkeys([first, *problems]))
    return Read(_advisory(record, _ours(record), malicious=malicious), told)


def _unsound(record: _Record, ours: _Ours, *, malicious: bool) -> str:
    """Say what the types cannot: the first thing that makes the record need mending, or nothing."""
    if not mending.is_id(record.id):
        return "its id cannot be used"
    for _, entry in ours:
        if malicious and not entry.versions and not entry.ranges:
            return "it does not say which versions are malware"
        if not mending.are_versions(entry.versions or ()):
            return "a listed version is no version"
        for wanted in entry.ranges or ():
            if not mending.is_sound_range(wanted.type, wanted.events, strict=malicious):
                return "a range cannot be evaluated"
    return ""


_Ours = list[tuple[str, _Entry]]
"""The entries of a record that are about PyPI, each with the name as it was written."""


def _ours(record: _Record) -> _Ours:
    return [
        (entry.package.name, entry)
        for entry in record.affected
        if entry.package is not None and mending.is_pypi(entry.package.ecosystem)
    ]


def _advisory(record: _Record, ours: _Ours, *, malicious: bool) -> Advisory:
    return Advisory(
        id=record.id,
        modified=_utc(record.modified),
        affected=tuple(_affected(name, entry) for name, entry in ours),
        aliases=tuple(record.aliases or ()),
        summary=(record.summary or "")[:_LONGEST_SUMMARY],
        published=record.published and _utc(record.published),
        withdrawn=record.withdrawn and _utc(record.withdrawn),
        malicious=malicious,
        severity=severity.of_record(_vectors(record, ours), _labels(record)),
    )


def _utc(time: datetime) -> datetime:
    """Return the time in UTC; at the ends of the calendar its zone cannot matter."""
    if time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return time.replace(tzinfo=UTC)


def _affected(name: str, entry: _Entry) -> Affected:
    ranges = tuple([_range(wanted) for wanted in entry.ranges or () if wanted.type != "GIT"])
    return Affected(canonicalize_name(name.strip()), tuple(entry.versions or ()), ranges)


def _range(wanted: _Range) -> AffectedRange:
    events = [pair for event in wanted.events for pair in event.items() if pair[0] in mending.EVENTS]
    return AffectedRange(wanted.type, tuple(events))


def _vectors(record: _Record, ours: _Ours) -> Iterator[tuple[str, str]]:
    for rated in record.severity or ():
        yield rated.type, rated.score
    for _, entry in ours:
        for rated in entry.severity or ():
            yield rated.type, rated.score


def _labels(record: _Record) -> Iterator[str]:
    if record.database_specific and isinstance(record.database_specific.severity, str):
        yield record.database_specific.severity


def _malicious(record: _Record) -> bool:
    if record.id.startswith("MAL-") or _CALLS_ITSELF_MALICIOUS.match(record.summary or ""):
        return True
    specific = record.database_specific
    if specific is None:
        return False
    weaknesses = specific.cwe_ids if isinstance(specific.cwe_ids, list) else []
    return specific.origins is not None or _EMBEDDED_MALICIOUS_CODE in weaknesses
