"""How names are folded before they are compared: characters that look alike, letters that are doubled.

Unicode folding (:func:`imitates`) is for text that is no project name at all (PEP 508 names are ASCII);
:func:`looks` and :func:`skeleton` are for names that are. Decided here:

* Which characters pass for which.
* How a text that is no name is refused: as malformed, with the name it passes for (:func:`malformed`).
"""

from __future__ import annotations

import re
import unicodedata
from operator import eq

from proxy.simple.names import normal

_LOOKALIKES = {
    "a": "аАαΑɑ", "b": "вВβΒЬ", "c": "сСϲ", "d": "ԁ", "e": "еЕεΕєҽ", "f": "ғ", "g": "ɡԍց", "h": "һНΗ", "i": "іІιΙı",
    "j": "јЈ", "k": "кКκΚ", "l": "ӏⅼӀ", "m": "мМΜ", "n": "пηΝոռ", "o": "оОοΟоσօө", "p": "рРρΡ", "q": "ԛ", "r": "гг",
    "s": "ѕЅ", "t": "тТτΤ", "u": "υսц", "v": "νѵ", "w": "ωѡԝ", "x": "хХχΧ", "y": "уУγΥү", "z": "Ζʐ",
}  # fmt: skip
_CONFUSABLE = {other: letter for letter, others in _LOOKALIKES.items() for other in others}
"""Cyrillic, Greek, Armenian and Latin letters by the ASCII letter they pass for (after Unicode's UTS 39)."""
_RANGE = re.compile(r"[\s<>=!~;@(\[]")
"""What ends the name in a requirement (PEP 508)."""
_LOOKS = str.maketrans("01iqj358", "ollglesb")
_LONGEST = 200
"""Characters of the longest text that is folded: more is no name in any alphabet."""
_SHOWN = 128
"""Characters of a malformed text that are repeated to whoever sent it."""


def imitates(raw: str) -> str | None:
    """Return the ASCII project name that text which is no name passes for, or None where folding shows none.

    Folds compatibility forms (NFKC), accents, confusable letters of other alphabets and what has no width.
    """
    if len(raw) > _LONGEST or normal(raw):
        return None
    return normal("".join(map(_ascii, unicodedata.normalize("NFKD", raw))).strip("-_."))


def meant(text: str) -> str:
    """Ask for the name that a malformed one passes for, in text that may go on with a range; "" where there is none."""
    name = imitates(_RANGE.split(text, maxsplit=1)[0])
    return f"Did you mean {name}?" if name else ""


def malformed(raw: str) -> str:
    """Say that a text is no project's name, and which one it passes for."""
    said = f"{raw[:_SHOWN]!a} is not the name of a project (PEP 508: ASCII letters, digits, . _ -)."
    return f"{said} {meant(raw)}".strip()


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
    following = letters[1:]
    if not any(map(eq, letters, following)):
        return letters
    return letters[:1] + "".join([after for before, after in zip(letters, following, strict=False) if before != after])


def skeleton(letters: str) -> str:
    """Return what remains of ``letters`` when looks and doubled letters count for nothing."""
    return undoubled(looks(letters))
