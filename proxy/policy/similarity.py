"""Look-alike names: is this name one that another could be mistaken for, and which was meant?

Two lists decide. Protected names are what others imitate; known names are never look-alikes themselves.
A name is compared only with the few protected ones that an index finds near it; a small model weighs how
it differs from each (:mod:`evidence`), and the strongest resemblance is the answer. Separators, word order
and words put beside each other are never more than a warning: an index refuses such uploads, or plugins are
named so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Self

from packaging.utils import canonicalize_name

from proxy.policy.difference import SENTENCES, mechanism
from proxy.policy.evidence import Evidence
from proxy.policy.folding import imitates, malformed
from proxy.policy.lexicon import Counts
from proxy.policy.neighbours import LONGEST, deep
from proxy.policy.shelf import Candidate, Shelf
from proxy.policy.weighing import Model
from proxy.simple.names import normal

__all__ = ["MILD", "Model", "NameIndex", "Resemblance"]

_PLAIN = Model(0.0, (), (), (), 0.0, 1.1, 0.5)
"""Without a trained model every near name is worth a warning, none a refusal."""
MILD = frozenset({"separator", "order"})
"""Mechanisms that are never more than a warning."""
Level = Literal["none", "warn", "block"]
MALFORMED = "malformed"
"""The mechanism of what is no name at all: refused without being compared with any."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How much ``name`` looks like another: ``score`` is a probability, ``mechanism`` one word."""

    name: str
    level: Level
    target: str | None
    mechanism: str | None
    score: float

    @property
    def sentence(self) -> str:
        """Say it to a developer, in one short sentence."""
        if self.mechanism == MALFORMED:
            return malformed(self.name)
        if not self.target or not self.mechanism:
            return f"{self.name} looks like no other name."
        return f"{self.name} looks like {self.target} ({SENTENCES[self.mechanism]})."


@dataclass(frozen=True, slots=True)
class Compared:
    """A protected name that ``name`` may be meant for, and what speaks for it."""

    name: str
    found: Candidate
    evidence: Evidence

    @property
    def target(self) -> str:
        """The protected name."""
        return self.found.target

    @property
    def mechanism(self) -> str:
        """How the two differ, in one word of :data:`SENTENCES`."""
        return mechanism(self.evidence.difference, self.found.kind)


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Protected names by what is near them. Immutable: share it freely."""

    known: frozenset[str]
    popular: Shelf
    counts: Counts
    model: Model
    approved: Shelf | None = None

    @classmethod
    def build(
        cls,
        protected: Iterable[str],
        known: Iterable[str],
        model: Model | None = None,
        words: frozenset[str] = frozenset(),
    ) -> Self:
        """Index ``protected``, the most popular first; about 0.1 ms for each. ``words`` are of a language."""
        names = tuple(dict.fromkeys(map(canonicalize_name, protected)))
        everybody = frozenset((*map(canonicalize_name, known), *names))
        return cls(everybody, Shelf(names, thorough=True), Counts.of(names, words), model or _PLAIN)

    def extended(self, names: Iterable[str]) -> Self:
        """Return an index that protects ``names`` too, as if they were most popular; shares the rest."""
        fresh = tuple(sorted(set(map(canonicalize_name, names)).difference(self.popular.names)))
        return replace(self, approved=Shelf(fresh, thorough=False), known=self.known.union(fresh)) if fresh else self

    def look(self, name: str) -> Resemblance:
        """Compare any text with the protected names. Never raises; what is no name is malformed."""
        asked = normal(name)
        if asked is None:
            return Resemblance(name, "block", imitates(name), MALFORMED, 1.0)
        if asked in self.known or len(asked) > LONGEST:
            return Resemblance(asked, "none", None, None, 0.0)
        found = [self._weighed(pair) for pair in self.compared(asked)]
        none = Resemblance(asked, "none", None, None, 0.0)
        return max(found, key=lambda one: (one.level == "block", one.score, one.target), default=none)

    def compared(self, name: str) -> list[Compared]:
        """Return the protected names near a normalised ``name``, with the evidence for each."""
        letters = name.replace("-", "")
        keys = deep(letters)
        counts, whole = self.counts, self.popular.whole
        near = list(self.popular.candidates(name, letters, keys))
        if self.approved:
            near += (replace(found, place=0) for found in self.approved.candidates(name, letters, keys))
        return [Compared(name, found, Evidence.of(name, found, counts, whole)) for found in near]

    def probability(self, pair: Compared, model: Model) -> float:
        """Return how likely a pair is an imitation, 0 to 1, as ``model`` sees it."""
        return model.probability(pair.evidence.first, lambda: pair.evidence.complete(self.counts))

    def _weighed(self, pair: Compared) -> Resemblance:
        score, word = self.probability(pair, self.model), pair.mechanism
        blocked = score >= self.model.block and word not in MILD
        level: Level = "block" if blocked else "warn" if score >= self.model.warn else "none"
        return Resemblance(pair.name, level, pair.target, word, score)
