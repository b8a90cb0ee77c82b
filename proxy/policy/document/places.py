"""Where things stand in a TOML text: the line of every table and key, for sentences about faults.

``tomllib`` does not say. The text is one that it has accepted, so a walk over its tokens is enough.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from proxy.policy.document.entries import Place

_TOKEN = re.compile(
    r'(?P<long>"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\'))'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<comment>#[^\n]*)"
    r"|(?P<open>[\[{])|(?P<close>[\]}])|(?P<equals>=)|(?P<line>\n)|(?P<other>[^\s\"'#\[\]{}=]+|\s)",
    re.DOTALL,
)


def lines(text: str) -> dict[Place, int]:
    """Return the line (from 1) of every table and key of a valid TOML text, by what leads there."""
    found: dict[Place, int] = {}
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, words, is_header in _statements(text):
        if not is_header:
            found.setdefault((*table, *_keys(words)), number)
            continue
        inner = words.strip()[1:-1]
        array = inner.startswith("[")
        path = _keys(inner[1:-1] if array else inner)
        table = _below(path, counts, new=array)
        found.setdefault(table, number)
    return found


def line_of(place: Place, known: dict[Place, int]) -> int:
    """Return the line of the innermost thing known on the way to a place, 0 where there is none."""
    return next((known[place[:end]] for end in range(len(place), 0, -1) if place[:end] in known), 0)


def _below(path: Place, counts: dict[Place, int], *, new: bool) -> Place:
    """Return a header's path with the positions of the lists of tables on it."""
    full: Place = ()
    for at, key in enumerate(path):
        full = (*full, key)
        if new and at == len(path) - 1:
            counts[full] = counts.get(full, -1) + 1
        if full in counts:
            full = (*full, counts[full])
    return full


def _statements(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each key (what stands before its ``=``) and each header, with its line."""
    number, start, depth = 1, 1, 0
    words, header, past = "", False, False
    for token in _TOKEN.finditer(text):
        kind, said = token.lastgroup, token[0]
        if kind == "line" and depth == 0:
            if header:
                yield start, words, True
            words, header, past = "", False, False
        elif kind in {"open", "close"}:
            header = header or (kind == "open" and not words.strip() and not past)
            depth += 1 if kind == "open" else -1
        elif kind == "equals" and depth == 0 and not past:
            yield start, words, False
            past = True
        if not past and kind not in {"comment", "line"}:
            start = start if words.strip() else number
            words += said
        number += said.count("\n")
    if header:
        yield start, words, True


def _keys(dotted: str) -> Place:
    """Read a dotted key, quoted or bare, by letting TOML itself read it."""
    path: list[str] = []
    table: object = tomllib.loads(f"{dotted.strip()} = 0")
    while isinstance(table, dict):
        ((key, table),) = table.items()
        path.append(key)
    return tuple(path)
