"""Whether a licence is accepted: SPDX expressions held against a list of accepted licences.

Decided here:

* ``OR`` needs one accepted side, ``AND`` both. ``X WITH exception`` is accepted where X is, or where the list
  names the pair: an exception only ever permits more.
* ``X-or-later`` (and ``X+``) leaves the choice to whoever takes it, so an accepted ``X-only`` is enough.
* The GNU licences' old identifiers (``GPL-2.0``, ``GPL-2.0+``) mean the new ones.

Must not know: where an expression comes from. All are in canonical spelling (:mod:`packaging.licenses`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_GNU = re.compile(r"(?:A|L)?GPL-\d\.\d|GFDL-\d\.\d")


@lru_cache(maxsize=4096)
def accepts(expression: str, accepted: tuple[str, ...]) -> bool:
    """Whether licences in ``accepted`` (identifiers, or ``X WITH exception``) are enough for a canonical expression."""
    words = expression.replace("(", " ( ").replace(")", " ) ").split()
    return _any_of(_Words(words), frozenset(_listed(accepted)))


class _Words:
    """The words of an expression, read from left to right; "" stands behind the last."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0

    def take(self, *wanted: str) -> str:
        """Return the next word and step over it; where some are ``wanted``, "" unless it is one of them."""
        word = self._words[self._at] if self._at < len(self._words) else ""
        if wanted and word not in wanted:
            return ""
        self._at += 1
        return word


def _any_of(words: _Words, accepted: frozenset[str]) -> bool:
    found = _all_of(words, accepted)
    while words.take("OR"):
        found = _all_of(words, accepted) or found
    return found


def _all_of(words: _Words, accepted: frozenset[str]) -> bool:
    found = _one(words, accepted)
    while words.take("AND"):
        found = _one(words, accepted) and found
    return found


def _one(words: _Words, accepted: frozenset[str]) -> bool:
    if words.take("("):
        found = _any_of(words, accepted)
        words.take(")")
        return found
    licence = _modern(words.take())
    if words.take("WITH") and f"{licence} WITH {words.take()}" in accepted:
        return True
    return any(choice in accepted for choice in _choices(licence))


def _choices(licence: str) -> Iterator[str]:
    """Yield every way to take a licence: as it is, and where later versions are meant as well, this one."""
    yield licence
    if licence.endswith("-or-later"):
        yield licence.removesuffix("-or-later") + "-only"
    elif licence.endswith("+"):
        yield licence.removesuffix("+")


def _listed(accepted: Iterable[str]) -> Iterator[str]:
    for text in accepted:
        licence, _, exception = text.partition(" WITH ")
        yield f"{_modern(licence)} WITH {exception}" if exception else _modern(licence)


def _modern(licence: str) -> str:
    if _GNU.fullmatch(licence):
        return f"{licence}-only"
    if licence.endswith("+") and _GNU.fullmatch(licence.removesuffix("+")):
        return f"{licence.removesuffix('+')}-or-later"
    return licence
