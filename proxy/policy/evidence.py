"""What speaks for and against one name imitating another, as numbers: the input of the model.

Every number is about a mechanism, the place of an edit, the popularity and length of the target, or how
ordinary the name is by itself; none of them knows a particular name. The order of :data:`EVIDENCE` is the
order of the vector; the model file names it too, so that the two cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log, log1p

from rapidfuzz.distance import Postfix, Prefix

from proxy.policy.difference import Difference
from proxy.policy.folding import looks, skeleton, undoubled
from proxy.policy.lexicon import Counts, windows
from proxy.policy.shelf import Candidate, bare

LURES = frozenset({
    "install", "installer", "setup", "update", "updated", "updater", "upgrade", "upgraded", "latest", "new", "newest",
    "official", "original", "real", "legit", "pro", "plus", "premium", "ultra", "fix", "fixed", "hotfix", "patch",
    "patched", "secure", "secured", "safe", "free", "full", "final", "stable", "x64", "x86", "win32",
    "win64", "https", "session", "sessions", "sys", "os", "module", "modules", "package", "packages", "pip", "pypi",
    "python3", "py3", "easy", "fast", "faster", "better", "best", "super", "mega", "v2", "v3", "next",
})  # fmt: skip
"""Words that are added to a name to promise the same thing, newer or safer."""
COMMON = frozenset({
    "py", "python", "dev", "devel", "test", "testing", "tests", "client", "clients", "api", "sdk", "lib", "libs",
    "library", "core", "tool", "tools", "util", "utils", "helper", "helpers", "wrapper", "http", "web", "net", "rest",
    "release", "linux", "windows", "mac", "binary", "security", "simple", "lite", "mini", "plugin", "plugins", "io",
    "wiki", "auth", "ai", "gpt", "bot", "async", "aio", "js", "beta", "alpha", "extra", "extras", "ext", "cli",
    "server", "common", "base", "data",
})  # fmt: skip
"""Words that attackers add as well as everybody who writes a plugin."""

FIRST = (
    "rank", "size", "short_form", "bare", "tokens", "target_tokens", "separators", "distance", "relative", "added",
    "reordered", "same_looks", "same_skeleton", "same_undoubled", "same_letters", "start", "end", "here", "there",
    "at_start", "before", "at_end", "swap", "substituted", "inserted", "omitted", "doubled", "undoubled", "slip",
    "vowel", "here_digit", "digit", "plural", "number", "same_digits", "digits_alone", "anagram", "changed_tokens",
    "token_size", "token_known", "token_is_name", "token_word", "meant_word", "family", "shared_letters",
    "strange_token", "digit_inside", "glued", "word", "rest", "rest_rank", "plugins", "endings", "rest_repeats",
    "rest_number",
)  # fmt: skip
"""What is cheap to know: most pairs are told to be harmless by these alone."""
EVIDENCE = (
    *FIRST, "token_unread", "token_unread_rate", "unread_more", "unlikely", "unlikely_rate", "unlikely_most",
    "unlikely_here", "unlikely_here_most", "new_triples", "triples_common", "triples_rarest",
)  # fmt: skip

_DIGITS = "0123456789"
_NO_DIGITS = str.maketrans("", "", _DIGITS)
_NO_RANK = 9.9
_SHORTEST_TELLING = 4
"""Letters of the shortest word that tells an ordinary name."""
_NOTHING_NEW = 5.0
_RANK_FLOOR, _RANK_CEILING = 10, 480
"""Places by popularity between which it matters; beyond, every target counts as much."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers for one name meaning another, in two parts: ``first`` those of :data:`FIRST`, then the others."""

    name: str
    target: str
    difference: Difference
    token: str
    meant: str
    first: list[float]

    @classmethod
    def of(cls, asked: str, found: Candidate, counts: Counts, whole: dict[str, int]) -> Evidence:
        """Compare the name ``asked`` with a candidate; ``whole`` holds the places of all without separators."""
        kind, target = found.kind, found.text
        name = bare(asked) if kind == "bare" else asked
        difference = Difference.of(name.replace("-", ""), target.replace("-", ""))
        mine, theirs = name.split("-"), target.split("-")
        changed = _changed(mine, theirs)
        token, meant = (mine[changed[0]], theirs[changed[0]]) if changed and len(changed) == 1 else (name, target)
        first = [
            log(_RANK_FLOOR + min(found.place, _RANK_CEILING)),
            log(min(len(difference.name), len(difference.target))),
            found.text != found.target,
            kind == "bare",
            len(mine),
            len(theirs),
            len(mine) - len(theirs),
            *_edits(kind, difference),
            1 if changed is None else len(changed),
            *_tokens(token, meant, counts, whole),
            _family(mine, theirs, counts),
            *_inside(mine, theirs, changed, difference, counts),
            *(_addition(name, target, kind, difference, counts, whole) if kind in _ADDED else _NO_ADDITION),
        ]
        return cls(name, target, difference, token, meant, first)

    def complete(self, counts: Counts) -> list[float]:
        """Return all the numbers, in the order of :data:`EVIDENCE`."""
        unread = counts.unread(self.token)
        return [
            *self.first,
            unread,
            unread / len(self.token),
            unread - counts.unread(self.meant),
            *_letters(self.name, self.target, self.difference, counts),
        ]


_ADDED = frozenset({"begins", "ends"})


def _changed(mine: list[str], theirs: list[str]) -> list[int] | None:
    """Return where tokens differ, None for names of unequally many."""
    return [at for at, token in enumerate(mine) if token != theirs[at]] if len(mine) == len(theirs) else None


def _edits(kind: str, d: Difference) -> list[float]:
    here, there, one, other = d.here, d.there, d.name, d.target
    doubled = d.is_doubling
    return [
        d.distance,
        d.distance / len(other),
        kind in _ADDED,
        kind == "reordered",
        *(_NOT_FOLDED if kind in _ADDED else _folded(one, other)),
        one == other,
        d.start,
        d.end,
        len(here),
        len(there),
        d.start == 0,
        d.start == 0 and not there and not doubled,
        d.end == 0,
        d.is_swap,
        len(here) == len(there) == 1,
        len(here) == 1 and not there,
        len(there) == 1 and not here,
        doubled,
        d.is_undoubling,
        d.is_slip,
        d.is_vowel,
        here.isdigit(),
        _has_digit(here) or _has_digit(there),
        d.is_plural,
        d.is_number,
        *_digits(one, other, doubled),
        len(one) == len(other) and sorted(one) == sorted(other),
    ]


_NOT_FOLDED = (False, False, False)


def _folded(one: str, other: str) -> tuple[bool, bool, bool]:
    same = skeleton(one) == skeleton(other)
    return same and looks(one) == looks(other), same, undoubled(one) == undoubled(other)


def _has_digit(letters: str) -> bool:
    return not letters.isalpha() and any(map(str.isdigit, letters))


def _digits(one: str, other: str, doubled: bool) -> tuple[bool, bool]:
    """Say whether two names have the same digits, and whether nothing but digits differs."""
    if one.isalpha() and other.isalpha():
        return True, False
    alone = one != other and not doubled and one.translate(_NO_DIGITS) == other.translate(_NO_DIGITS)
    return [c for c in one if c.isdigit()] == [c for c in other if c.isdigit()], alone


def _tokens(token: str, meant: str, counts: Counts, whole: dict[str, int]) -> list[float]:
    stem = token.rstrip(_DIGITS)
    return [
        log(len(meant)),
        log1p(counts.tokens.get(token, 0)),
        token in whole,
        len(stem) >= _SHORTEST_TELLING and stem in counts.words,
        meant in counts.words,
    ]


def _family(mine: list[str], theirs: list[str], counts: Counts) -> float:
    """Return how many names begin with the tokens that both begin with: siblings are seldom imitations."""
    shared = 0
    while shared < min(len(mine), len(theirs) - 1) and mine[shared] == theirs[shared]:
        shared += 1
    return log1p(counts.openings.get("-".join(theirs[:shared]), 0)) if shared and bare(theirs[0]) else 0.0


def _letters(name: str, target: str, d: Difference, counts: Counts) -> list[float]:
    unlikely = counts.surprise(name, target)
    first = max(0, d.start + name[: d.start + 1].count("-") - 1)
    around = unlikely[first : max(first + 1, len(name) - d.end + 2)] or unlikely[-1:]
    new = [counts.triples.get(triple, 0) for triple in _new_triples(f"^^{name}$", f"^^{target}$")]
    return [
        sum(unlikely),
        sum(unlikely) / len(unlikely),
        min(unlikely),
        sum(around) / len(around),
        min(around),
        sum(not count for count in new),
        sum(map(log1p, new)) / len(new) if new else _NOTHING_NEW,
        log1p(min(new)) if new else _NOTHING_NEW,
    ]


def _new_triples(ours: str, theirs: str) -> set[str]:
    """Return the pieces of three letters that only ``ours`` has: they stand where the two differ."""
    start, end = Prefix.similarity(ours, theirs), Postfix.similarity(ours, theirs)
    return {piece for piece in windows(ours[max(0, start - 2) : len(ours) - end + 2], 3) if piece not in theirs}


def _inside(
    mine: list[str], theirs: list[str], changed: list[int] | None, d: Difference, counts: Counts
) -> tuple[float, bool, bool]:
    after = d.target[len(d.target) - d.end :][:1]
    leet = _has_digit(d.here) and not _has_digit(d.there) and after.isalpha()
    if changed is None or len(mine) == 1:
        return 0, False, leet
    shared = len(theirs) - 1 + sum(len(token) for at, token in enumerate(mine) if at not in changed)
    strange = all(
        not counts.tokens.get(mine[at], 0) and mine[at].translate(_NO_DIGITS) != theirs[at].translate(_NO_DIGITS)
        for at in changed
    )
    return shared, strange, leet


_NO_ADDITION = (0.0, 0.0, 0.0, _NO_RANK, 0.0, 0.0, 0.0, 0.0)


def _addition(name: str, target: str, kind: str, d: Difference, counts: Counts, whole: dict[str, int]) -> list[float]:
    begins = kind == "begins"
    rest = d.name[len(d.target) :] if begins else d.name[: len(d.name) - len(d.target)]
    apart = name.startswith(target + "-") if begins else name.endswith("-" + target)
    word = (name[len(target) + 1 :] if begins else name[: -len(target) - 1]) if apart else rest
    return [
        not apart,
        2.0 * (word in LURES) + (word in COMMON),
        len(rest),
        log(_RANK_FLOOR + whole[rest]) if rest in whole else _NO_RANK,
        log1p(counts.openings.get(target, 0)),
        log1p(counts.endings.get(target, 0)),
        all(a == b for a, b in pairwise(rest)) and rest[0] in {d.target[0], d.target[-1]},
        rest.isdigit(),
    ]
