"""A document as plain tables, in the one order there is: what is written as TOML, as JSON, and into the audit.

Decided here:

* What is as it is by default is left out, but for terms: an export names every one of them.
* Entries are sorted by what they say, so that equal policies give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TypeVar

from proxy.policy.document.entries import Document, Entry, Values, spelt

FORMAT = 1
"""The version of the schema; a document of another one is refused."""

SECTIONS = ("channels", "approvals", "prohibitions", "waivers", "origins")
"""The sections that list entries."""

_ALWAYS = frozenset({"name", "base", "project", "specifier", "reason", "advisory", "until", "owner", "url", "terms"})

Table = dict[str, object]
_Sorted = TypeVar("_Sorted", bound=Entry)


def tables(document: Document) -> Table:
    """Return a whole document. A fragment leaves out the sections that it is silent about."""
    head: Table = {"format": FORMAT}
    if document.fragment:
        head["fragment"] = True
    if document.revision is not None:
        head["revision"] = document.revision
    listed = {section: [table(entry) for entry in ordered(getattr(document, section))] for section in SECTIONS}
    body: Table = {"terms": terms_table(document.terms), **listed}
    return head | {name: said for name, said in body.items() if said or not document.fragment}


def table(entry: Entry) -> Table:
    """Return one entry."""
    found: Table = {}
    for part in fields(entry):
        value = getattr(entry, part.name)
        if part.name == "files":
            found |= {"files": dict(value)} if value else {}
        elif part.name == "terms":
            found["terms"] = terms_table(value)
        elif part.name != "place" and (value != part.default if part.name not in _ALWAYS else value is not None):
            found[part.name] = list(value) if isinstance(value, tuple) else value
    return found


def terms_table(values: Values) -> Table:
    """Return terms: durations in words, lists as lists, what is unset as an empty text."""
    return {name: _term(value) for name, value in values.items()}


def _term(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return spelt(value)
    if isinstance(value, dict):
        return {key: _term(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def ordered(entries: Iterable[_Sorted]) -> list[_Sorted]:
    """Return entries in their one order."""
    return sorted(entries, key=lambda entry: tuple(str(getattr(entry, part.name)) for part in fields(entry)))


def as_text(value: object) -> object:
    """Return a table with times as text (RFC 3339), for JSON and for the audit."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return instant(value) if isinstance(value, datetime) else value


def instant(at: datetime) -> str:
    """Return a time in UTC as documents spell it."""
    return at.isoformat().replace("+00:00", "Z")
