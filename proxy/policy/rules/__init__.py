"""The rules, one file each: a pure function from a subject to findings, with its sentences.

A rule never raises to say no and never looks at another rule's findings. A new rule is one function
in one file here, one line in :data:`RULES`, and a table of cases in ``tests/policy/rules``. A rule of a
file returns its findings, as a rule none, and yields nothing: it is asked five thousand times a page, unless
a line in :data:`CONCERNS` tells in one go which files of a page it has nothing to say of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from types import MappingProxyType

from packaging.utils import NormalizedName

from proxy.model import Finding, ReleaseFile, Subject
from proxy.policy.rules.advisories import advisories
from proxy.policy.rules.approved import approved
from proxy.policy.rules.consistent import consistent, contradicted
from proxy.policy.rules.digest import digest, unproved
from proxy.policy.rules.freshness import freshness
from proxy.policy.rules.frozen import after_the_freeze, frozen
from proxy.policy.rules.internal_name import internal_name
from proxy.policy.rules.known_origin import elsewhere, known_origin
from proxy.policy.rules.licence import licence, unlicensed
from proxy.policy.rules.minimum_age import minimum_age, young
from proxy.policy.rules.prohibited import prohibited
from proxy.policy.rules.provenance import provenance, unvouched
from proxy.policy.rules.quarantined import quarantined
from proxy.policy.rules.similar_name import similar_name
from proxy.policy.rules.unwatched import in_a_range, unwatched
from proxy.policy.rules.yanked import taken_back, yanked
from proxy.policy.snapshot import PolicySnapshot

Rule = Callable[[Subject, PolicySnapshot, datetime], Iterable[Finding]]

Concern = Callable[[Sequence[ReleaseFile], NormalizedName, PolicySnapshot, datetime], Sequence[ReleaseFile]]
"""Picks the files of a project that a rule may have something to say of: all that it has, others perhaps."""


class Scope(IntEnum):
    """How deep a rule looks: its findings are the same for every subject that agrees so far."""

    PROJECT = 1
    VERSION = 2
    FILE = 3


RULES: tuple[tuple[Scope, Rule], ...] = (
    (Scope.PROJECT, internal_name),
    (Scope.PROJECT, similar_name),
    (Scope.PROJECT, quarantined),
    (Scope.PROJECT, freshness),
    (Scope.VERSION, prohibited),
    (Scope.VERSION, advisories),
    (Scope.FILE, approved),
    (Scope.FILE, minimum_age),
    (Scope.FILE, unwatched),
    (Scope.FILE, frozen),
    (Scope.FILE, yanked),
    (Scope.FILE, digest),
    (Scope.FILE, consistent),
    (Scope.FILE, known_origin),
    (Scope.FILE, provenance),
    (Scope.FILE, licence),
)
"""The table of contents. The order is that of the sentences in a refusal and of nothing else."""

CONCERNS: Mapping[Rule, Concern] = MappingProxyType(
    {
        minimum_age: young,
        unwatched: in_a_range,
        frozen: after_the_freeze,
        yanked: taken_back,
        digest: unproved,
        consistent: contradicted,
        known_origin: elsewhere,
        provenance: unvouched,
        licence: unlicensed,
    }
)
"""Which files of a page each rule is asked about; the others are asked about all."""
