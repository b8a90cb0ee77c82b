"""How names are folded before they are compared: characters that look alike, letters that are doubled.

Unicode folding (:func:`imitates`) is for text that is no project name at all (PEP 508 names are ASCII);
:func:`looks` and :func:`skeleton` are for names that are. Decided here: which characters pass for which.
"""

from __future__ import annotations

import re
import unicodedata

_LOOKALIKES = {
    "a": "аАαΑɑ", "b": "вВβΒЬ", "c": "сСϲ", "d": "ԁ", "e": "еЕεΕєҽ", "f": "ғ", "g": "ɡԍց", "h": "һНΗ", "i": "іІιΙı",
    "j": "јЈ", "k": "кКκΚ", "l": "ӏⅼӀ", "m": "мМΜ", "n": "пηΝոռ", "o": "оОοΟоσօө", "p": "рРρΡ", "q": "ԛ", "r": "гг",
    "s": "ѕЅ", "t": "тТτΤ", "u": "υսц", "v": "νѵ", "w": "ωѡԝ", "x": "хХχΧ", "y": "уУγΥү", "z": "Ζʐ",
}  # fmt: skip
_CONFUSABLE = {other: letter for letter, others in _LOOKALIKES.items() for other in others}
"""Cyrillic, Greek, Armenian and Latin letters by the ASCII letter they pass for (after Unicode's UTS 39)."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_SEPARATORS = re.compile(r"[-_.]+")
_DOUBLED = re.compile(r"(.)\1+")
_LOOKS = str.maketrans("01iqj358", "ollglesb")
_LONGEST = 200
"""Characters of the longest text that is folded: more is no name in any alphabet."""


def normalised(text: str) -> str:
    """Return the PEP 503 form of ``text``."""
    return _SEPARATORS.sub("-", text).lower()


def is_name(normal: str) -> bool:
    """Say whether normalised text is a project name (PEP 508: ASCII, no separator at either end)."""
    return _NAME.fullmatch(normal) is not None


def imitates(raw: str) -> str | None:
    """Return the ASCII project name that text which is no name passes for, or None where folding shows none.

    Folds compatibility forms (NFKC), accents, confusable letters of other alphabets and what has no width.
    """
    if len(raw) > _LONGEST or is_name(normalised(raw)):
        return None
    folded = normalised("".join(map(_ascii, unicodedata.normalize("NFKD", raw)))).strip("-")
    return folded if is_name(folded) else None


def _ascii(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() and character != " " else ""
    if character in _CONFUSABLE:
        return _CONFUSABLE[character]
    kind = unicodedata.category(character)
    if kind == "Pd":
        return "-"
    return "" if kind in {"Cf", "Mn", "Cc", "Zs"} else character


def looks(letters: str) -> str:
    """Return ``letters`` with digits and pairs replaced by what they look like (0 and o, rn and m)."""
    return letters.translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def undoubled(letters: str) -> str:
    """Return ``letters`` with every run of one letter shortened to a single one."""
    return _DOUBLED.sub(r"\1", letters)


def skeleton(letters: str) -> str:
    """Return what remains of ``letters`` when looks and doubled letters count for nothing."""
    return undoubled(looks(letters))
