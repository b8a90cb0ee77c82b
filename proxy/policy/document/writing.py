"""A document to TOML 1.0, a line a fact, so that a version control's difference reads well.

Ours, since the libraries that write TOML put short tables into one line and long ones not: one more word in a
reason would then touch every entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from proxy.policy.document.entries import Document
from proxy.policy.document.tables import Table, instant, tables

WIDTH = 110
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def write(document: Document, comment: str = "") -> str:
    """Return the text of a document, below lines of comment."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in comment.splitlines())
    return "\n".join(filter(None, (head, toml(tables(document)))))


def toml(table: Table) -> str:
    """Return a table of plain values as TOML."""
    return "\n".join(_lines(table, "")).strip() + "\n"


def _lines(table: Mapping[str, object], above: str) -> Iterator[str]:
    """Yield the lines of a table: its own values first, the tables inside it after them."""
    inside = {key: value for key, value in table.items() if _is_table(value) or _is_list_of_tables(value)}
    for key, value in table.items():
        if key not in inside:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inside.items():
        path = f"{above}{_key(key)}"
        if isinstance(value, Mapping):
            yield from ("", f"[{path}]", *_lines(value, f"{path}."))
        elif isinstance(value, list):
            for item in value:
                yield from ("", f"[[{path}]]", *_lines(item, f"{path}."))


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _is_list_of_tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) for item in value)


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _text(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, list):
        return _list([_value(item) for item in value])
    if isinstance(value, Mapping) and not value:
        return "{}"
    raise TypeError(f"{type(value).__name__} has no place in a document")


def _list(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    if len(line) <= WIDTH:
        return line
    return "\n".join(["[", *(f"  {item}," for item in items), "]"])


def _text(text: str) -> str:
    """Return a basic string. JSON's escapes are TOML's; DEL alone is allowed there and not here."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
