"""Invented imitations, for training: slips of the keyboard and lures, drawn with a seed.

The labelled data has few targets; these teach the mechanisms on many. Nothing here is taken from a labelled
name. Shares of the mechanisms follow what campaigns do: one dropped, doubled or swapped letter, mostly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log
from random import Random

from proxy.policy.difference import KEYS
from proxy.policy.evidence import COMMON, LURES

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LOOKS = {"o": "0", "l": "1", "i": "l", "e": "3", "s": "5", "m": "rn", "w": "vv", "q": "g", "1": "l", "0": "o"}
BESIDE = {letter: sorted(b for a, b in KEYS if a == letter) for letter in LETTERS}
SHARES = {
    "swap": 8, "drop": 8, "double": 8, "insert": 5, "append": 2, "replace": 5, "vowel": 1, "look": 1, "plural": 1,
    "number": 1, "twice": 6, "add": 8,
}  # fmt: skip
_DEEP = {"twice": 1500, "add": 300}
"""How far down the list by popularity the targets of a mechanism reach."""


def _swap(name: str, at: int, _draw: Random) -> str:
    at = max(at, 1)
    return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]


def _drop(name: str, at: int, _draw: Random) -> str:
    return name[:at] + name[at + 1 :]


def _double(name: str, at: int, _draw: Random) -> str:
    return name[:at] + name[at] + name[at:]


def _near(letter: str, draw: Random) -> str:
    beside = BESIDE.get(letter)
    return draw.choice(beside) if beside and draw.random() < 0.6 else draw.choice(LETTERS + "03")


def _insert(name: str, at: int, draw: Random) -> str:
    return name[: at + 1] + _near(name[at], draw) + name[at + 1 :]


def _append(name: str, _at: int, draw: Random) -> str:
    return name + _near(name[-1], draw)


def _replace(name: str, at: int, draw: Random) -> str:
    return name[:at] + _near(name[at], draw) + name[at + 1 :]


def _vowel(name: str, at: int, draw: Random) -> str:
    vowels = [place for place, letter in enumerate(name) if letter in "aeiou"]
    at = draw.choice(vowels) if vowels else at
    return name[:at] + draw.choice("aeiouy") + name[at + 1 :]


def _look(name: str, at: int, draw: Random) -> str:
    places = [place for place, letter in enumerate(name) if letter in LOOKS]
    at = draw.choice(places) if places else at
    return name[:at] + LOOKS.get(name[at], name[at]) + name[at + 1 :]


def _plural(name: str, _at: int, _draw: Random) -> str:
    return name[:-1] if name.endswith("s") else name + "s"


def _number(name: str, _at: int, draw: Random) -> str:
    return name + (name[-1] if name[-1].isdigit() else str(draw.randrange(10, 100_000)))


def _twice(name: str, at: int, draw: Random) -> str:
    once = draw.choice(_ONCE)(name, at, draw)
    return draw.choice(_ONCE)(once, draw.randrange(len(once)), draw)


def _add(name: str, _at: int, draw: Random) -> str:
    noise = "".join(draw.choice(LETTERS) for _ in range(draw.randrange(1, 4)))
    words = draw.choices((sorted(LURES), sorted(COMMON), [noise], [name[-1] * draw.randrange(2, 4)]), (6, 1, 1, 1))[0]
    word, between = draw.choice(words), draw.choice(("-", "-", ""))
    return word + between + name if draw.random() < 0.4 else name + between + word


_ONCE = (_swap, _drop, _double, _insert, _append, _replace, _vowel)
_MAKERS: dict[str, Callable[[str, int, Random], str]] = {
    "swap": _swap, "drop": _drop, "double": _double, "insert": _insert, "append": _append, "replace": _replace,
    "vowel": _vowel, "look": _look, "plural": _plural, "number": _number, "twice": _twice, "add": _add,
}  # fmt: skip


def invented(popular: Sequence[str], known: frozenset[str], count: int, seed: int) -> list[tuple[str, str]]:
    """Return ``count`` pairs of an imitation and its target among ``popular``, none of them a known name."""
    draw, found = Random(seed), list[tuple[str, str]]()
    while len(found) < count:
        how = draw.choices(list(SHARES), list(SHARES.values()))[0]
        reach = min(_DEEP.get(how, len(popular)), len(popular))
        place = int(exp(draw.uniform(0, log(reach)))) if draw.random() < 0.45 else draw.randrange(reach)
        target = popular[min(place, reach - 1)]
        if len(target) < (6 if how in _DEEP else 4):
            continue
        name = _MAKERS[how](target, draw.randrange(len(target)), draw).strip("-").replace("--", "-")
        if name not in known and name != target:
            found.append((name, target))
    return found
