"""One page of a list, for the API and for the pages: what comes after a key, and the cursor of what follows.

Decided here:

* A list is in the order of a key that its entries keep, and a cursor holds the key of the last one shown: what is
  added or ended meanwhile neither repeats an entry nor passes one over.
* A cursor is opaque, and good for the list that gave it alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

T = TypeVar("T")
Key = tuple[str, ...]


class NoCursor(ValueError):
    """What was brought is no cursor of the list."""


def part(
    name: str, found: Iterable[T], key: Callable[[T], Key], after: str, limit: int, *, newest_first: bool = False
) -> tuple[list[T], str]:
    """Return the page of a list behind a cursor ("": the first), and the cursor of the next one ("": it is the last).

    The list is called ``name``; no two of its entries share a key. Raises NoCursor.
    """
    seen = _key(name, after) if after else None
    rest = sorted(
        (entry for entry in found if seen is None or (key(entry) < seen if newest_first else key(entry) > seen)),
        key=key,
        reverse=newest_first,
    )
    shown = rest[:limit]
    return shown, _cursor(name, key(shown[-1])) if len(rest) > len(shown) else ""


def _key(name: str, cursor: str) -> Key:
    """Return the key of the last entry of the page before."""
    try:
        of, *key = msgspec.json.decode(base64.b64decode(cursor, b"-_", validate=True), type=list[str])
    except (ValueError, msgspec.MsgspecError):
        of, key = "", []
    if of != name:
        raise NoCursor("That is no cursor of this list. Take the one that the page before gave, or none.")
    return tuple(key)


def _cursor(name: str, key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([name, *key])).decode()
