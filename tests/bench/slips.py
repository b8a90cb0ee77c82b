"""Invented imitations, for training and for measuring: slips of the keyboard and lures, drawn with a seed.

The labelled data has few targets; these teach the mechanisms on many. Nothing here is taken from a labelled
name. Shares of the mechanisms follow what campaigns do: one dropped, doubled or swapped letter, mostly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log
from random import Random

from proxy.policy.difference import KEYS
from proxy.policy.evidence import COMMON, LURES
from proxy.policy.shelf import bare

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LOOKS = {"o": "0", "l": "1", "i": "l", "e": "3", "s": "5", "m": "rn", "w": "vv", "q": "g", "1": "l", "0": "o"}
BESIDE = {letter: sorted(b for a, b in KEYS if a == letter) for letter in LETTERS}
SHARES = {
    "swap": 8, "drop": 8, "double": 8, "insert": 5, "append": 2, "replace": 5, "vowel": 2, "look": 1, "plural": 3,
    "number": 1, "twice": 6, "add": 8, "move": 2, "bare": 3, "repeat": 2,
}  # fmt: skip
_DEEP = {"twice": 1500, "add": 300, "move": 1500, "bare": 1000}
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
    if beside and draw.random() < 0.6:
        return draw.choice(beside)
    return draw.choice(LETTERS if letter.isdigit() else LETTERS + "03")


def _insert(name: str, at: int, draw: Random) -> str:
    return name[: at + 1] + _near(name[at], draw) + name[at + 1 :]


def _append(name: str, _at: int, draw: Random) -> str:
    return name + _near(name[-1], draw)


def _replace(name: str, at: int, draw: Random) -> str:
    at = at or draw.randrange(len(name))  # the first letter is rarely mistaken
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
    return name + (name[-1] if name[-1].isdigit() else str(draw.randrange(1, 10 ** draw.randrange(2, 6))))


def _twice(name: str, at: int, draw: Random) -> str:
    once = draw.choice(_ONCE)(name, at, draw)
    return draw.choice(_ONCE)(once, draw.randrange(len(once)), draw)


def _add(name: str, _at: int, draw: Random) -> str:
    noise = "".join(draw.choice(LETTERS) for _ in range(draw.randrange(2, 5)))
    words = draw.choices((sorted(LURES), sorted(COMMON), [noise], [name[-1] * draw.randrange(2, 4)]), (6, 1, 1, 2))[0]
    word, between = draw.choice(words), draw.choice(("-", "-", ""))
    return word + between + name if draw.random() < 0.4 else name + between + word


def _move(name: str, at: int, draw: Random) -> str:
    to = min(max(at + draw.choice((-3, -2, 2, 3)), 0), len(name) - 1)
    rest = name[:at] + name[at + 1 :]
    return rest[:to] + name[at] + rest[to:]


def _repeat(name: str, at: int, draw: Random) -> str:
    at = draw.choice((at, len(name) - 1))
    return name[:at] + name[at] * draw.randrange(2, 5) + name[at + 1 :]


def _bare(name: str, _at: int, draw: Random) -> str:
    left = bare(name)
    return draw.choice((left, f"python-{left}", f"{left}-python", f"py-{left}")) if left != name else name


_ONCE = (_swap, _drop, _double, _insert, _append, _replace, _vowel)
_MAKERS: dict[str, Callable[[str, int, Random], str]] = {
    "swap": _swap, "drop": _drop, "double": _double, "insert": _insert, "append": _append, "replace": _replace,
    "vowel": _vowel, "look": _look, "plural": _plural, "number": _number, "twice": _twice, "add": _add,
    "move": _move, "bare": _bare, "repeat": _repeat,
}  # fmt: skip


def slip(how: str, target: str, draw: Random) -> str:
    """Return an imitation of ``target`` by one of :data:`SHARES`; it may be the target itself, or nothing."""
    return _MAKERS[how](target, draw.randrange(len(target)), draw).strip("-").replace("--", "-")


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
        name = slip(how, target, draw)
        if name and name not in known and name != target:
            found.append((name, target))
    return found
