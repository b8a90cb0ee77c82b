"""One term at a time, as a form says it: what kind of field it takes, what stands in it, and what the API would take.

The kinds are read from :class:`~admin.schemas.given_terms.TermsIn`, so that a new term needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Literal, get_args, get_origin

from pydantic import AwareDatetime

from admin.schemas.given_terms import TermsIn

Kind = Literal["choice", "flag", "number", "words", "lines", "entries", "moment"]

TERMS = tuple(name for name in TermsIn.model_fields if name not in {"channel", "inherit", "dry_run", "reason"})
_KINDS: Mapping[object, Kind] = {
    bool: "flag",
    float: "number",
    AwareDatetime: "moment",
    dict: "entries",
    Literal: "choice",
}


def kind(term: str) -> Kind:
    """Return what kind of field a term takes: "words" are some of its choices, "lines" any texts."""
    found = _type(term)
    if get_origin(found) is list:
        return "words" if choices(term) else "lines"
    return _KINDS[get_origin(found) or found]


def choices(term: str) -> Sequence[str]:
    """Return the words that a term may be, or may hold; none where it takes anything."""
    found = _type(term)
    inner = get_args(found)[0] if get_origin(found) is list else found
    return get_args(inner) if get_origin(inner) is Literal else ()


def written(term: str, value: object) -> str | list[str]:
    """Return a term as its field shows it (``value`` as :class:`~proxy.policy.terms.TermsData` has it)."""
    match value:
        case None:
            return "off"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Mapping():
            return "\n".join(f"{name}={_plain(entry)}" for name, entry in value.items())
        case list():
            return value if kind(term) == "words" else "\n".join(value)
    return str(value)


def read(term: str, said: Sequence[str], before: object) -> object:
    """Return what a form says of a term as the API takes it: of entries, those that are gone are taken away.

    What cannot be read is left as it is, for the API's own words about it.
    """
    text = said[0].strip() if said else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    value: object = text
    match kind(term):
        case "flag":
            value = {"yes": True, "no": False}.get(text, text)
        case "number":
            value = _number(text)
        case "words":
            value = [word for word in said if word]
        case "lines":
            value = lines
        case "entries":
            kept = dict(_entry(term, line) for line in lines)
            gone = before.keys() - kept.keys() if isinstance(before, Mapping) else set()
            value = {**kept, **dict.fromkeys(gone)}
        case "moment":
            value = text or "off"
    return value


def bare(term: str) -> str:
    """Return the name of a term in :class:`~proxy.model.Terms`, as channels keep and inherit it."""
    return term.removesuffix("_days").removesuffix("_hours")


def _type(term: str) -> object:
    """Return the type of a term without None and without what restricts it."""
    found = next(part for part in get_args(TermsIn.model_fields[term].annotation) if part is not NoneType)
    return get_args(found)[0] if get_origin(found) is Annotated else found


def _entry(term: str, line: str) -> tuple[str, object]:
    name, _, value = line.partition("=")
    return name.strip(), _number(value) if term == "ages" else value.strip()


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
