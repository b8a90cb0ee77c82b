"""What speaks for and against one name imitating another, as numbers: the input of the model.

Every number is about a mechanism, the place of an edit, the popularity and length of the target, or how
ordinary the name is by itself; none of them knows a particular name. The order of :data:`EVIDENCE` is the
order of the vector; the model file names it too, so that the two cannot drift apart.
"""

from __future__ import annotations

from itertools import pairwise
from math import log, log1p

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

EVIDENCE = (
    "rank", "size", "short_form", "bare", "tokens", "target_tokens", "separators", "distance", "relative", "added",
    "reordered", "same_looks", "same_skeleton", "same_undoubled", "same_letters", "start", "end", "here", "there",
    "at_start", "before", "at_end", "swap", "substituted", "inserted", "omitted", "doubled", "undoubled", "slip",
    "vowel", "here_digit", "digit", "plural", "number", "same_digits", "digits_alone", "anagram", "changed_tokens",
    "token_size", "token_known", "token_is_name", "token_word", "token_unread", "token_unread_rate", "unread_more",
    "meant_word", "family", "unlikely", "unlikely_rate", "unlikely_most", "unlikely_here", "unlikely_here_most",
    "new_triples", "triples_common", "triples_rarest", "shared_letters", "strange_token", "digit_inside", "glued",
    "word", "rest", "rest_rank", "plugins", "endings", "rest_repeats", "rest_number",
)  # fmt: skip

_DIGITS = "0123456789"
_NO_DIGITS = str.maketrans("", "", _DIGITS)
_NO_RANK = 9.9
_SHORTEST_TELLING = 4
"""Letters of the shortest word that tells an ordinary name."""
_NOTHING_NEW = 5.0
_RANK_FLOOR, _RANK_CEILING = 10, 480
"""Places by popularity between which it matters; beyond, every target counts as much."""


def evidence(asked: str, found: Candidate, counts: Counts, whole: dict[str, int]) -> list[float]:
    """Return the numbers of :data:`EVIDENCE` for the name ``asked`` meaning a candidate.

    ``whole`` holds the places of the protected names without separators.
    """
    kind, target = found.kind, found.text
    name = bare(asked) if kind == "bare" else asked
    difference = Difference.of(name.replace("-", ""), target.replace("-", ""))
    return [
        log(_RANK_FLOOR + min(found.place, _RANK_CEILING)),
        log(min(len(difference.name), len(difference.target))),
        found.text != found.target,
        kind == "bare",
        *_edits(name, target, kind, difference),
        *_tokens(name.split("-"), target.split("-"), counts, whole),
        *_letters(name, target, difference, counts),
        *_inside(name.split("-"), target.split("-"), difference, counts),
        *(_addition(name, target, kind, difference, counts, whole) if kind in {"begins", "ends"} else _NO_ADDITION),
    ]


def _edits(name: str, target: str, kind: str, d: Difference) -> list[float]:
    here, there, one, other = d.here, d.there, d.name, d.target
    turned = Difference(d.target, d.name, d.start, d.end, there, here, d.distance)
    return [
        name.count("-") + 1,
        target.count("-") + 1,
        name.count("-") - target.count("-"),
        d.distance,
        d.distance / len(other),
        kind in {"begins", "ends"},
        kind == "reordered",
        *_folded(one, other, kind),
        one == other,
        d.start,
        d.end,
        len(here),
        len(there),
        d.start == 0,
        d.start == 0 and not there and not d.is_doubling,
        d.end == 0,
        d.is_swap,
        len(here) == len(there) == 1,
        len(here) == 1 and not there,
        len(there) == 1 and not here,
        d.is_doubling,
        turned.is_doubling,
        d.is_slip,
        d.is_vowel,
        here.isdigit(),
        any(map(str.isdigit, here + there)),
        d.is_plural,
        d.is_number,
        [c for c in one if c.isdigit()] == [c for c in other if c.isdigit()],
        one != other and one.translate(_NO_DIGITS) == other.translate(_NO_DIGITS) and not d.is_doubling,
        sorted(one) == sorted(other),
    ]


def _folded(one: str, other: str, kind: str) -> tuple[bool, bool, bool]:
    if kind in {"begins", "ends"}:
        return False, False, False
    same = skeleton(one) == skeleton(other)
    return same and looks(one) == looks(other), same, undoubled(one) == undoubled(other)


def _tokens(mine: list[str], theirs: list[str], counts: Counts, whole: dict[str, int]) -> list[float]:
    parallel = len(mine) == len(theirs)
    changed = [at for at, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]]
    at = changed[0] if parallel and len(changed) == 1 else None
    token, meant = ("-".join(mine), "-".join(theirs)) if at is None else (mine[at], theirs[at])
    stem, unread = token.rstrip(_DIGITS), counts.unread(token)
    return [
        len(changed) if parallel else 1,
        log(len(meant)),
        log1p(counts.tokens.get(token, 0)),
        token in whole,
        len(stem) >= _SHORTEST_TELLING and stem in counts.words,
        unread,
        unread / len(token),
        unread - counts.unread(meant),
        meant in counts.words,
        _family(mine, theirs, counts),
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
    ours, theirs = set(windows(f"^^{name}$", 3)), set(windows(f"^^{target}$", 3))
    new = [counts.triples.get(triple, 0) for triple in ours - theirs]
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


def _inside(mine: list[str], theirs: list[str], d: Difference, counts: Counts) -> list[float]:
    parallel = len(mine) == len(theirs) > 1
    pairs = list(zip(mine, theirs, strict=False)) if parallel else []
    shared = len(theirs) - 1 + sum(len(a) for a, b in pairs if a == b)
    strange = all(
        a == b or (not counts.tokens.get(a, 0) and a.translate(_NO_DIGITS) != b.translate(_NO_DIGITS)) for a, b in pairs
    )
    after = d.name[len(d.name) - d.end : len(d.name) - d.end + 1]
    leet = any(map(str.isdigit, d.here)) and not any(map(str.isdigit, d.there)) and after.isalpha()
    return [shared if parallel else 0, parallel and strange, leet]


_NO_ADDITION = [0.0, 0.0, 0.0, _NO_RANK, 0.0, 0.0, 0.0, 0.0]


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
