"""Which protected names another may be meant for: found by index, by what is near them. Weighed elsewhere.

A popular name that says ``python`` is also found without it: people call ``opencv-python`` by the name ``opencv``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from proxy.policy.folding import skeleton
from proxy.policy.neighbours import Neighbours

_SHORTEST_AFFIX = 5
"""Letters of the shortest name that others are taken to add words to."""
_LURING = 600
"""How many of the most popular names are worth adding a word to: the others have plugins, but no lures."""
_MOST_TWICE = 3
"""How many names two edits away are weighed, the most popular ones."""
_SHORTEST_TWICE = 6
"""Letters from which two edits are still a resemblance."""
_SAYS_PYTHON = frozenset({"py", "python", "python3"})
_SHORTEST_BARE = 6
_KNOWN_BARE = 1_000
"""How many of the most popular names are also known by what is left without saying python."""


def bare(name: str) -> str:
    """Return ``name`` without the tokens that only say python."""
    if "py" not in name:
        return name
    return "-".join(token for token in name.split("-") if token not in _SAYS_PYTHON)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A protected name that another may be meant for: ``text`` is how it is compared, ``place`` its popularity."""

    target: str
    text: str
    place: int
    kind: str


class Shelf:
    """Names to be protected, in the order of popularity."""

    def __init__(self, names: Iterable[str], *, thorough: bool) -> None:
        self.names = tuple(names)
        self.whole: dict[str, int] = {}
        for at, name in enumerate(self.names):
            self.whole.setdefault(name.replace("-", ""), at)
        owners: dict[str, int] = {}
        for at, text in enumerate(map(bare, self.names[:_KNOWN_BARE])):
            if len(text) >= _SHORTEST_BARE and text.replace("-", "") not in self.whole:
                owners.setdefault(text, at)
        self._texts = (*self.names, *owners)
        self._owners = (*range(len(self.names)), *owners.values())
        self._bare = {text: at for at, text in enumerate(owners, len(self.names))}
        self._letters = tuple(text.replace("-", "") for text in self._texts)
        self._skeletons: defaultdict[str, list[int]] = defaultdict(list)
        self._orders: defaultdict[str, list[int]] = defaultdict(list)
        for at, (text, letters) in enumerate(zip(self._texts, self._letters, strict=True)):
            self._skeletons[skeleton(letters)].append(at)
            if "-" in text:
                self._orders["-".join(sorted(text.split("-")))].append(at)
        self._near = Neighbours(self._letters, thorough=thorough)
        self._heads: defaultdict[str, list[str]] = defaultdict(list)
        self._tails: defaultdict[str, list[str]] = defaultdict(list)
        for text in sorted(self._letters[: min(_LURING, len(self.names))], key=len, reverse=True):
            if len(text) >= _SHORTEST_AFFIX:
                self._heads[text[:_SHORTEST_AFFIX]].append(text)
                self._tails[text[-_SHORTEST_AFFIX:]].append(text)

    def candidates(self, name: str, letters: str, keys: list[int]) -> Iterator[Candidate]:
        """Find the names that ``name`` may be meant for: edited, reordered, added to, or without saying python.

        ``letters`` is the name without separators, ``keys`` what :func:`deep` makes of them.
        """
        for at, kind in self._found(name, letters, keys).items():
            owner = self._owners[at]
            yield Candidate(self.names[owner], self._texts[at], owner, kind)

    def _found(self, name: str, letters: str, keys: list[int]) -> Mapping[int, str]:
        once, twice = self._edited(letters, keys)
        found = dict.fromkeys(once + sorted(twice)[:_MOST_TWICE], "edited")
        for at in self._skeletons.get(skeleton(letters), ()):
            found[at] = "edited"
        if "-" in name:
            for at in self._orders.get("-".join(sorted(name.split("-"))), ()):
                found[at] = "reordered"
        for kind, text in self._affixed(letters):
            found.setdefault(self.whole[text], kind)
        same = self._bare.get(bare(name))
        return found if same is None else {**found, same: "bare"}

    def _edited(self, letters: str, keys: list[int]) -> tuple[list[int], list[int]]:
        """Find the names one edit away, and those two edits away."""
        once, twice = [], []
        for at in self._near.near(keys):
            other = self._letters[at]
            distance = OSA.distance(letters, other, score_cutoff=2)
            if distance < 2:
                once.append(at)
            elif distance == 2 and _stands_two_edits(letters, other):
                twice.append(at)
        return once, twice

    def _affixed(self, letters: str) -> Iterator[tuple[str, str]]:
        """Find the longest of the most popular names that ``letters`` begin with, and end with, and go on."""
        for text in self._heads.get(letters[:_SHORTEST_AFFIX], ()):
            if letters.startswith(text) and text != letters:
                yield "begins", text
                break
        for text in self._tails.get(letters[-_SHORTEST_AFFIX:], ()):
            if letters.endswith(text) and text != letters:
                yield "ends", text
                break


def _stands_two_edits(letters: str, other: str) -> bool:
    """Say whether two edits leave enough of a name: it is not short, and begins or ends alike."""
    alike = letters[0] == other[0] or letters[-1] == other[-1]
    return alike and min(len(letters), len(other)) >= _SHORTEST_TWICE
