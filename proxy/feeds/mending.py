"""Records that break the schema: read as widely as they can be meant, so that damage never opens.

Decided here, for what cannot be read (a wrong type, no text, text longer than any version):

* ``introduced`` becomes "0" in a range of two events; in a longer one, like an event of unknown kind,
  it may have opened anywhere, so the range is everything, as is one that opens nowhere.
* ``fixed`` and ``last_affected`` are dropped and a ``limit`` is "*", so nothing ends early.
* A range of unknown type is an ECOSYSTEM one.
* A listed version that is a number is read as its text; others are dropped, the readable ones stay.
* A lone value where a list belongs is a list of one.
* An entry without ecosystem is about PyPI; one without a name cannot be placed and is dropped.
* ``withdrawn`` is dropped: the record stays in force. ``modified`` becomes the year 1: unknown.
* For malware, one thing unreadable in an entry, which includes an event that PEP 440 cannot read,
  means that every version is affected; so does an entry that names neither versions nor ranges.
* A mended record never replaces another with its id: :func:`join` lets both count.

Must not know: archives, the store.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Final

import msgspec

from proxy.model import Advisory
from proxy.policy import severity, versions

EVENTS: Final = frozenset({"introduced", "fixed", "last_affected", "limit"})
NO_DATE: Final = "0001-01-01T00:00:00Z"
"""Go's zero time, which OSV data carries where ``modified`` is not known."""

_TYPES: Final = ("ECOSYSTEM", "SEMVER", "GIT")
_AT_WIDEST: Final = {"introduced": "0", "limit": "*"}
_ONE_SPAN: Final = 2
_ID: Final = re.compile(r"[!-~]{1,128}")
_EVERYTHING: Final = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}
_Time = Annotated[datetime, msgspec.Meta(tz=True)]

Raw = dict[str, object]
"""A JSON object of which nothing is known yet, or a mended one that fits the schema."""


def is_id(value: object) -> bool:
    """Whether this can name a record: printable ASCII without blanks, at most 128 characters."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_version(value: object) -> bool:
    """Whether this is text that may be a version."""
    return isinstance(value, str) and 0 < len(value) <= versions.LONGEST


def are_versions(listed: Collection[str]) -> bool:
    """Whether all of these texts may be versions."""
    return not listed or (all(listed) and max(map(len, listed)) <= versions.LONGEST)


def is_pypi(ecosystem: str) -> bool:
    """Whether an ecosystem (``PyPI``, or ``PyPI:`` and a suffix) is ours."""
    return ecosystem == "PyPI" or ecosystem.partition(":")[0].lower() == "pypi"


def is_sound_range(kind: str, events: Iterable[Mapping[str, str]], *, strict: bool) -> bool:
    """Whether a range of the right types can be evaluated; ``strict`` asks for PEP 440 throughout."""
    if kind == "GIT":
        return True
    pairs = [pair for event in events for pair in event.items() or [("", "")]]
    opens = any(name == "introduced" for name, _ in pairs)
    return kind in _TYPES and opens and all(_is_sound_event(*pair, strict=strict) for pair in pairs)


def join(one: Advisory, other: Advisory) -> Advisory:
    """Return a record that affects whatever either of two with one id affects."""
    later, earlier = (one, other) if one.modified >= other.modified else (other, one)
    live = [record for record in (later, earlier) if record.withdrawn is None]
    if not live:
        return later
    return msgspec.structs.replace(
        live[0],
        modified=later.modified,
        affected=tuple(dict.fromkeys(entry for record in live for entry in record.affected)),
        aliases=tuple(dict.fromkeys(alias for record in live for alias in record.aliases)),
        malicious=any(record.malicious for record in live),
        severity=severity.worst(record.severity for record in live),
    )


def mend(raw: Raw, fallback_id: str, *, strict: bool) -> tuple[Raw, list[str]]:
    """Return a record that fits the schema, and a sentence for each thing in ``raw`` that did not.

    ``strict`` is for malware: an entry that leaves any doubt affects every version.
    """
    mended: Raw = {
        "id": raw.get("id") if is_id(raw.get("id")) else fallback_id,
        "modified": _time(raw.get("modified")) or NO_DATE,
        "published": _time(raw.get("published")),
        "withdrawn": _time(raw.get("withdrawn")),
        "summary": raw.get("summary") if isinstance(raw.get("summary"), str) else None,
        "aliases": [alias for alias in _items(raw.get("aliases")) if is_id(alias)],
        "severity": _rated(raw.get("severity")),
        "database_specific": _object(raw.get("database_specific")) or None,
    }
    problems = [f"its {name} cannot be read" for name in mended if _lost(raw.get(name), mended[name])]
    entries = list(_entries(raw.get("affected", []), problems, strict=strict))
    return mended | {"affected": entries}, problems


def _entries(raw: object, problems: list[str], *, strict: bool) -> Iterator[Raw]:
    if raw is None:
        problems.append("it does not say what is affected")
    for item in _items(raw):
        entry = _object(item)
        package = _package(entry, problems)
        if package is None:
            continue
        faults: list[str] = []
        ranges = [_range(wanted, faults, strict=strict) for wanted in _noted(entry.get("ranges"), faults)]
        listed = list(_versions(entry.get("versions"), faults))
        problems += faults
        yield {
            "package": package,
            "ranges": [*ranges, _EVERYTHING] if strict and (faults or not (ranges or listed)) else ranges,
            "versions": listed,
            "severity": _rated(entry.get("severity")),
        }


def _package(entry: Raw, problems: list[str]) -> Raw | None:
    """Return the package an entry is about; None where it is not ours or cannot be told."""
    if entry and entry.get("package") is None:
        return None
    package = _object(entry.get("package"))
    name, ecosystem = package.get("name"), package.get("ecosystem")
    if not isinstance(name, str):
        problems.append("an affected entry does not name its package")
        return None
    if not isinstance(ecosystem, str):
        problems.append("an affected entry does not name its ecosystem")
        ecosystem = "PyPI"
    return {"name": name, "ecosystem": ecosystem}


def _range(raw: object, faults: list[str], *, strict: bool) -> Raw:
    wanted = _object(raw)
    kind = wanted.get("type")
    if kind == "GIT":
        return {"type": kind, "events": []}
    if kind not in _TYPES:
        faults.append("a range is of an unknown type")
        kind = "ECOSYSTEM"
    events = _events(wanted.get("events"), faults, strict=strict)
    if not any("introduced" in event for event in events):
        faults.append("a range does not say where it begins")
        events = [{"introduced": "0"}]
    return {"type": kind, "events": events}


def _events(raw: object, faults: list[str], *, strict: bool) -> list[dict[str, str]]:
    pairs = [pair for item in _noted(raw, faults) for pair in _object(item).items() or [("", None)]]
    events = []
    for name, version in pairs:
        if isinstance(version, str) and _is_sound_event(name, version, strict=strict):
            events.append({name: version})
            continue
        faults.append("an event of a range cannot be read")
        if name not in EVENTS or (name == "introduced" and len(pairs) > _ONE_SPAN):
            return [{"introduced": "0"}]
        if name in _AT_WIDEST:
            events.append({name: _AT_WIDEST[name]})
    return events


def _is_sound_event(name: str, version: str, *, strict: bool) -> bool:
    if name not in EVENTS or not is_version(version):
        return False
    return not strict or (name == "limit" and version == "*") or versions.version(version) is not None


def _versions(raw: object, faults: list[str]) -> Iterator[str]:
    for item in _noted(raw, faults):
        if isinstance(item, str) and is_version(item):
            yield item
            continue
        faults.append("a listed version cannot be read")
        if isinstance(item, int | float):
            yield str(item)


def _rated(raw: object) -> list[Raw]:
    entries = [_object(item) for item in _items(raw)]
    return [e for e in entries if isinstance(e.get("type"), str) and isinstance(e.get("score"), str)]


def _time(raw: object) -> str | None:
    """Return a time as it was written, None where it is none (RFC 3339, with its zone)."""
    try:
        msgspec.convert(raw, _Time)
    except msgspec.ValidationError:
        return None
    return raw if isinstance(raw, str) else None


def _items(raw: object) -> list[object]:
    if raw is None:
        return []
    return raw if isinstance(raw, list) else [raw]


def _noted(raw: object, faults: list[str]) -> list[object]:
    if raw is not None and not isinstance(raw, list):
        faults.append("what should be a list is none")
    return _items(raw)


def _object(raw: object) -> Raw:
    return raw if isinstance(raw, dict) else {}


def _lost(raw: object, mended: object) -> bool:
    """Whether mending changed anything; an absent value may become an empty one."""
    return raw != mended and not (raw is None and not mended)
