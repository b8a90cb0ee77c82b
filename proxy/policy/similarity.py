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

from proxy.policy.difference import SENTENCES, Difference, mechanism
from proxy.policy.evidence import evidence
from proxy.policy.folding import imitates, is_name, normalised
from proxy.policy.lexicon import Counts, Shelf
from proxy.policy.neighbours import LONGEST, deep
from proxy.policy.weighing import Model

__all__ = ["MILD", "Model", "NameIndex", "Resemblance", "imitates"]

_PLAIN = Model(0.0, (), (), 1.1, 0.5)
"""Without a trained model every near name is worth a warning, none a refusal."""
MILD = frozenset({"separator", "order"})
"""Mechanisms that are never more than a warning."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How much ``name`` looks like another: ``score`` is a probability, ``mechanism`` one word."""

    name: str
    level: Literal["none", "warn", "block"]
    target: str | None
    mechanism: str | None
    score: float

    @property
    def sentence(self) -> str:
        """Say it to a developer, in one short sentence."""
        if not self.target or not self.mechanism:
            return f"{self.name} looks like no other name."
        return f"{self.name} looks like {self.target} ({SENTENCES[self.mechanism]})."


@dataclass(frozen=True, slots=True)
class Compared:
    """A protected name that one may be meant for, how it was found, and what speaks for it."""

    target: str
    kind: str
    evidence: list[float]


@dataclass(frozen=True, slots=True)
class NameIndex:
    """Protected names by what is near them. Immutable: share it freely."""

    known: frozenset[str]
    popular: Shelf
    counts: Counts
    model: Model
    approved: Shelf | None = None

    @classmethod
    def build(cls, protected: Iterable[str], known: Iterable[str], model: Model | None = None) -> Self:
        """Index ``protected``, the most popular first; about 0.1 ms for each."""
        names = tuple(dict.fromkeys(map(normalised, protected)))
        everybody = frozenset((*map(normalised, known), *names))
        return cls(everybody, Shelf(names, thorough=True), Counts.of(names), model or _PLAIN)

    def extended(self, names: Iterable[str]) -> Self:
        """Return an index that protects ``names`` too, as if they were most popular; shares the rest."""
        fresh = tuple(sorted(set(map(normalised, names)).difference(self.popular.names)))
        return replace(self, approved=Shelf(fresh, thorough=False), known=self.known.union(fresh)) if fresh else self

    def look(self, name: str) -> Resemblance:
        """Compare any text with the protected names. Never raises; text that is no name imitates by folding."""
        # ASCII first: lower-casing turns some other letters (KELVIN SIGN) into plain ones.
        normal = normalised(name) if len(name) <= LONGEST and name.isascii() else ""
        if normal in self.known:
            return Resemblance(normal, "none", None, None, 0.0)
        if not is_name(normal):
            return self._folded(name)
        weigh = self.model.probability
        found = ((weigh(pair.evidence), pair.target, pair.kind) for pair in self.compared(normal))
        best = max(found, default=None)
        if best is None:
            return Resemblance(normal, "none", None, None, 0.0)
        score, target, kind = best
        word = mechanism(Difference.of(normal.replace("-", ""), target.replace("-", "")), kind)
        return Resemblance(normal, self._level(score, word), target, word, score)

    def compared(self, name: str) -> list[Compared]:
        """Return the protected names near a normalised ``name``, with the evidence for each."""
        letters = name.replace("-", "")
        variants = deep(letters)
        near = [
            (shelf.names[at], at if shelf is self.popular else 0, kind)
            for shelf in (self.popular, self.approved)
            if shelf
            for at, kind in shelf.candidates(name, letters, variants).items()
        ]
        counts, whole = self.counts, self.popular.whole
        return [Compared(t, kind, evidence(name, t, place, kind, counts, whole)) for t, place, kind in near]

    def _folded(self, raw: str) -> Resemblance:
        target = imitates(raw)
        if target in self.known:
            return Resemblance(raw, "block", target, "look-alike", 1.0)
        return Resemblance(raw, "none", None, None, 0.0)

    def _level(self, score: float, word: str) -> Literal["none", "warn", "block"]:
        if score >= self.model.block and word not in MILD:
            return "block"
        return "warn" if score >= self.model.warn else "none"
