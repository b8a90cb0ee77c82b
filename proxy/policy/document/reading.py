"""TOML to a document: every fault told with its line, or no fault and a document.

Decided here:

* A document that is no fragment says every section: nothing is revoked because somebody forgot a heading.
* A term that the whole document does not name has its default value.
* Nothing stands in a document twice.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from proxy.errors import DocumentRefused
from proxy.model import Terms
from proxy.policy.document.entries import (
    ApprovalEntry,
    ChannelEntry,
    Document,
    Entry,
    Fault,
    OriginEntry,
    Place,
    ProhibitionEntry,
    Values,
    WaiverEntry,
    values_of,
)
from proxy.policy.document.places import line_of, lines
from proxy.policy.document.schema import DocumentTable, Table
from proxy.policy.document.tables import SECTIONS, ordered
from proxy.policy.versions import covers
from proxy.simple.names import read_filename

FAULTS_AT_MOST = 200

_Made = TypeVar("_Made", ChannelEntry, ApprovalEntry, ProhibitionEntry, WaiverEntry, OriginEntry)


def read(text: str) -> Document:
    """Return what a text says. Raises DocumentRefused with every fault."""
    try:
        found = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise DocumentRefused([f"This is not TOML: {error}"]) from error
    except RecursionError as error:
        raise DocumentRefused(["This is not a policy document: its tables are too deep."]) from error
    try:
        said = DocumentTable.model_validate(found)
    except ValidationError as error:
        raise refused([_fault(fault) for fault in error.errors(include_url=False)], text) from error
    document = _document(said)
    faults = [*_unsaid(said), *_doubled(document), *_files(document)]
    if faults:
        raise refused(faults, text)
    return document


def refused(faults: list[Fault], text: str) -> DocumentRefused:
    """Return the error that tells faults of a text in the order of its lines."""
    known = lines(text)
    told = sorted((line_of(fault.place, known), _told(fault, known)) for fault in faults)
    more = [f"… and {len(told) - FAULTS_AT_MOST} more faults"] if len(told) > FAULTS_AT_MOST else []
    return DocumentRefused([sentence for _, sentence in told[:FAULTS_AT_MOST]] + more)


def _told(fault: Fault, known: Mapping[Place, int]) -> str:
    line = line_of(fault.place, dict(known))
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault.place).lstrip(".")
    where = ": ".join(filter(None, (f"line {line}" if line else "", path)))
    return f"{where}: {fault.sentence}"


_WORDS = {"extra_forbidden": "there is no such key", "missing": "is missing"}


def _fault(error: Any) -> Fault:
    """Return a fault that the schema found, in our words."""
    what = str(error["msg"]).removeprefix("Value error, ")
    place = tuple(step for step in error["loc"] if step != "[key]")
    return Fault(place, _WORDS.get(error["type"], what))


def _document(said: Any) -> Document:
    given: Values = said.terms.given() if said.terms else {}
    return Document(
        given if said.fragment else {**values_of(Terms()), **given},
        tuple(ordered(_channels(said.channels or ()))),
        tuple(ordered(_made(ApprovalEntry, "approvals", said.approvals))),
        tuple(ordered(_made(ProhibitionEntry, "prohibitions", said.prohibitions))),
        tuple(ordered(_made(WaiverEntry, "waivers", said.waivers))),
        tuple(ordered(_made(OriginEntry, "origins", said.origins))),
        said.revision,
        said.fragment,
    )


def _channels(tables: Any) -> Iterator[ChannelEntry]:
    for at, table in enumerate(tables):
        yield ChannelEntry(table.name, table.base, table.reason, table.terms.given(), ("channels", at))


def _made(kind: type[_Made], section: str, tables: list[Table] | None) -> Iterator[_Made]:
    for at, table in enumerate(tables or ()):
        said = table.given()
        if "files" in said:
            said["files"] = tuple(sorted(said["files"].items()))
        if "acknowledged" in said:
            said["acknowledged"] = tuple(sorted(set(said["acknowledged"])))
        yield kind(**said, place=(section, at))


def _unsaid(said: Any) -> Iterator[Fault]:
    """Yield the sections that a whole document does not name."""
    for section in ("terms", *SECTIONS):
        if not said.fragment and getattr(said, section) is None:
            empty = "{}" if section == "terms" else "[]"
            sentence = (
                f"is missing. Say {section} = {empty} for none, or fragment = true to leave alone what is not named"
            )
            yield Fault((section,), sentence)


def _doubled(document: Document) -> Iterator[Fault]:
    """Yield entries that stand there twice, and channels and origins of which there is one by name."""
    seen: dict[object, Place] = {}
    for section in SECTIONS:
        for entry in sorted(getattr(document, section), key=lambda entry: entry.place):
            first = seen.setdefault(_identity(entry), entry.place)
            if first != entry.place:
                yield Fault(entry.place, f"stands there already: {first[0]}[{first[1]}]")


def _identity(entry: Entry) -> object:
    if isinstance(entry, ChannelEntry):
        return "channel", entry.name
    return ("origin", entry.url) if isinstance(entry, OriginEntry) else entry


def _files(document: Document) -> Iterator[Fault]:
    """Yield files that cannot be what their approval is about, and exact approvals of no files or of more."""
    for entry in document.approvals:
        if entry.exact and (entry.standing or not entry.files):
            yield Fault((*entry.place, "exact"), "an exact approval lists its files, and is no standing one")
        for filename, _ in entry.files:
            read_as, place = read_filename(filename, entry.project), (*entry.place, "files", filename)
            if isinstance(read_as, str):
                yield Fault(place, f"is not a file of {entry.project}. {read_as}")
            elif not covers(entry.specifier, read_as[0]):
                yield Fault(place, f"is of version {read_as[0]}, which is not in {entry.specifier}")
