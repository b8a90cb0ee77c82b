"""One byte range of a file (RFC 9110 section 14). Several ranges, or one we cannot read, mean the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*(?P<first>[0-9]{0,18})\s*-\s*(?P<last>[0-9]{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` up to but without ``stop``."""

    start: int
    stop: int


UNSATISFIABLE = Span(-1, -1)


def span(header: str, if_range: str, etag: str, size: int) -> Span | None:
    """Return the span asked for, None for the whole file, or UNSATISFIABLE.

    ``if_range`` must be empty or this very entity tag, else the whole file is meant.
    """
    found = _ONE.fullmatch(header)
    if not found or (if_range and if_range != etag):
        return None
    first, last = found["first"], found["last"]
    if not first and not last:
        return None
    if not first:
        return Span(max(size - int(last), 0), size) if int(last) and size else UNSATISFIABLE
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return UNSATISFIABLE
    return Span(int(first), min(int(last) + 1, size) if last else size)
