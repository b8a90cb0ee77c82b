"""Which advisories affect a version: every record about a project, compiled to one row of cuts.

Between two neighbouring cuts the answer is the same for every version, so it is made once and a
question costs one bisection, however many records there are.

Decided here:

* Withdrawn records never match; they are left out before anything is compiled.
* Records that are aliases of each other (id and ``aliases``, transitively, among the live ones about
  the project) are one matter: all of them carry the worst severity said of it, and malware said by
  one is malware for all. Each is still a match of its own, since a waiver counts for one id.
* A local version (``1.9+cu118``) is a build of its public version: it also has what affects that, unless
  the record itself calls a build fixed (``fixed: 1.9+sec.1``).
* A version that PEP 440 cannot read is below all that it can (see :mod:`spans`); a text too long
  for any version is not compared at all and has everything.
* Compiling is lazy and its results are kept within a bound: a start costs nothing per record.

Must not know: feeds, files, the network, terms, waivers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter, xor
from types import MappingProxyType
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import Advisory, Rating, Severity
from proxy.policy import packing, severity, spans, versions
from proxy.policy.packing import Compact, Parts

_KEPT_COMPILED: Final = 4096
_KEPT_ANSWERS: Final = 32768


@dataclass(frozen=True, slots=True)
class Match:
    """An advisory that affects the version asked about.

    ``group`` holds every id of the matter, this one included; matches with the same group count
    once. ``severity`` and ``malicious`` are the matter's. ``fixed`` is the lowest version above the
    one asked about that the record calls fixed, or None.
    """

    id: str
    group: tuple[str, ...]
    severity: Severity
    malicious: bool
    summary: str
    fixed: str | None


class ProjectAdvisories:
    """The live records about one project, ready for asking."""

    __slots__ = ("_answers", "_clear", "_cuts", "_fixes", "_masks", "_matters", "_odd", "_patched", "_told")

    def __init__(self, records: Sequence[Compact]) -> None:
        self._matters, ordered = _ordered(records)
        self._fixes = tuple(tuple((spans.place(fix), fix) for fix in record.fixed) for record in ordered)
        self._cuts, self._masks = _segments(ordered)
        self._odd = _odd(ordered)
        self._patched = _patched(ordered)
        self._answers: dict[tuple[int, int], tuple[Match, ...]] = {}
        self._told: dict[tuple[int, str], Match] = {}
        self._clear: list[tuple[spans.Cut, str]] | None = None

    def match(self, version: str) -> tuple[Match, ...]:
        """Return what affects ``version`` (any text), the gravest first; several may be one matter."""
        segment, mask = self._look(version)
        known = self._answers.get((segment, mask))
        if known is None:
            known = self._answers[segment, mask] = tuple(self._matches(mask, spans.place(version)))
        return known

    def is_malicious(self, identity: str) -> bool:
        """Whether the record, or another of its matter, reports malware."""
        return any(matter.malicious for matter in self._matters if matter.id == identity)

    def rating(self, identity: str) -> Rating:
        """Return how bad the matter of a record is, "unknown" where there is no such record."""
        return next((matter.severity.rating for matter in self._matters if matter.id == identity), "unknown")

    def edges(self) -> tuple[str, ...]:
        """Return the first version of each stretch in which the answer is the same ("0" for the lowest)."""
        return ("0", *(str(read) for _, read, after in self._cuts if isinstance(read, Version) and not after))

    def is_fix(self, version: str) -> bool:
        """Whether a record names ``version`` as fixed."""
        at = spans.place(version)
        return any(at == fix for of_record in self._fixes for fix, _ in of_record)

    def clear_above(self, version: str) -> str | None:
        """Return the lowest fixed version above ``version`` that nothing here affects, or None."""
        if self._clear is None:
            fixes = sorted({fix for of_record in self._fixes for fix in of_record})
            self._clear = [fix for fix in fixes if not self._look(fix[1])[1]]
        above = bisect_right(self._clear, spans.place(version), key=itemgetter(0))
        return self._clear[above][1] if above < len(self._clear) else None

    def _look(self, version: str) -> tuple[int, int]:
        """Return the segment a version is in, and which records affect it, one bit each."""
        segment = bisect_right(self._cuts, spans.place(version))
        if len(version) > versions.LONGEST:
            return segment, (1 << len(self._matters)) - 1
        mask = self._masks[segment] | self._odd.get(version, 0)
        read = versions.version(version)
        if read is not None and read.local:
            mask |= self._masks[bisect_right(self._cuts, spans.place(read.public))] & ~self._patches(read)
        return segment, mask

    def _patches(self, read: Version) -> int:
        """Return the records, one bit each, that call this build of a public version, or an earlier one, fixed."""
        return sum(bit for fix, bit in self._patched if fix.public == read.public and fix <= read)

    def _matches(self, mask: int, at: spans.Cut) -> Iterator[Match]:
        for number, matter in enumerate(self._matters):
            if mask >> number & 1:
                fixes = self._fixes[number]
                fixed = next((text for fix, text in fixes if fix > at), None) if fixes else None
                yield self._fixed(number, matter, fixed)

    def _fixed(self, number: int, matter: Match, fixed: str | None) -> Match:
        """Return a matter with its fix, made once: most versions of a project share it."""
        if fixed is None:
            return matter
        known = self._told.get((number, fixed))
        if known is None:
            known = self._told[number, fixed] = replace(matter, fixed=fixed)
        return known


def unpack(packed: bytes) -> ProjectAdvisories:
    """Return packed records ready for asking. Raises msgspec.DecodeError on other bytes."""
    return ProjectAdvisories(packing.unpack(packed))


def compile_project(advisories: Iterable[Advisory], project: NormalizedName) -> ProjectAdvisories:
    """Return the records about ``project`` ready for asking."""
    return unpack(packing.pack(advisories, project))


def matters(matches: Iterable[Match]) -> int:
    """Return how many matters the matches are: aliases count once."""
    return len({match.group for match in matches})


class AdvisoryIndex:
    """Every project's advisories. Immutable; a project is compiled when it is first asked about."""

    __slots__ = ("_compiled", "_match", "packed")

    def __init__(self, packed: Mapping[str, bytes]) -> None:
        self.packed: Mapping[str, bytes] = MappingProxyType(dict(packed))
        blobs = self.packed
        compiled = lru_cache(maxsize=_KEPT_COMPILED)(lambda project: unpack(blobs[project]))
        self._compiled = compiled
        self._match = lru_cache(maxsize=_KEPT_ANSWERS)(lambda project, version: compiled(project).match(version))

    @classmethod
    def empty(cls) -> AdvisoryIndex:
        """Return an index that knows nothing."""
        return cls({})

    @classmethod
    def from_packed(cls, packed: Mapping[str, bytes]) -> AdvisoryIndex:
        """Return an index over what :func:`~proxy.policy.packing.pack` made of each project."""
        return cls(packed)

    @classmethod
    def of(cls, advisories: Iterable[Advisory]) -> AdvisoryIndex:
        """Return an index over records; of several with one id all count."""
        return cls.of_parts((advisory.id, packing.compacted(advisory)) for advisory in advisories)

    @classmethod
    def of_parts(cls, records: Iterable[tuple[str, Parts]]) -> AdvisoryIndex:
        """Return an index over records of which matching needs this, each with its id; as :meth:`of`."""
        about: dict[str, list[tuple[str, bytes]]] = {}
        for identity, parts in records:
            for project, part in parts:
                if part:
                    about.setdefault(project, []).append((identity, part))
        return cls({project: packing.join(parts) for project, parts in about.items()})

    def match(self, project: NormalizedName, version: str) -> tuple[Match, ...]:
        """Return what affects a version of a project (normalised name), the gravest first."""
        return self._match(project, version) if project in self.packed else ()

    def is_malicious(self, project: NormalizedName, identity: str) -> bool:
        """Whether a record about the project, or another of its alias group, reports malware."""
        return project in self.packed and self._compiled(project).is_malicious(identity)

    def rating(self, project: NormalizedName, identity: str) -> Rating:
        """Return how bad the matter of a record about the project is, "unknown" where nothing says so."""
        return self._compiled(project).rating(identity) if project in self.packed else "unknown"

    def edges(self, project: NormalizedName) -> tuple[str, ...]:
        """Return the first version of each stretch in which the answer about a project is the same."""
        return self._compiled(project).edges() if project in self.packed else ()

    def is_fix(self, project: NormalizedName, version: str) -> bool:
        """Whether a record about the project names this version as fixed."""
        return project in self.packed and self._compiled(project).is_fix(version)

    def clear_above(self, project: NormalizedName, version: str) -> str | None:
        """Return the lowest fixed version above ``version`` that no advisory affects, or None."""
        return self._compiled(project).clear_above(version) if project in self.packed else None

    def changed(self, other: AdvisoryIndex) -> set[NormalizedName]:
        """Return the projects of which the two indexes do not know the same."""
        mine, theirs = self.packed, other.packed
        names = mine.keys() | theirs.keys()
        return {NormalizedName(name) for name in names if mine.get(name) != theirs.get(name)}


def _ordered(records: Sequence[Compact]) -> tuple[tuple[Match, ...], tuple[Compact, ...]]:
    """Return a match without a fix for each record, the gravest first, and the records likewise."""
    pairs = [(_match(record, group), record) for group in _groups(records) for record in group]
    pairs.sort(key=lambda pair: _gravity(pair[0]))
    return tuple(match for match, _ in pairs), tuple(record for _, record in pairs)


def _match(record: Compact, group: list[Compact]) -> Match:
    ids = {name for member in group for name in (member.id, *member.aliases)}
    worst = severity.worst(Severity(member.rating, member.score) for member in group)
    malicious = any(member.malicious for member in group)
    return Match(record.id, tuple(sorted(ids)), worst, malicious, record.summary, None)


def _gravity(match: Match) -> tuple[bool, int, float, str]:
    rated = match.severity
    return not match.malicious, -severity.RATINGS[rated.rating], -(rated.score or 0.0), match.id


def _groups(records: Iterable[Compact]) -> list[list[Compact]]:
    """Return the records by matter: those that share an id or an alias, transitively."""
    groups: dict[str, list[Compact]] = {}
    for record in records:
        names = {record.id, *record.aliases}
        joined = {id(group): group for name in names if (group := groups.get(name))}
        merged = [member for group in joined.values() for member in group] + [record]
        groups.update((name, merged) for member in merged for name in (member.id, *member.aliases))
    return list({id(group): group for group in groups.values()}.values())


def _segments(records: Sequence[Compact]) -> tuple[list[spans.Cut], list[int]]:
    """Return all cuts, and for each segment between them a bit for every record that affects it."""
    spelled: dict[str, int] = {}
    for number, record in enumerate(records):
        for notation in record.cuts:
            spelled[notation] = spelled.get(notation, 0) ^ 1 << number
    toggles: dict[spans.Cut, int] = {}
    for notation, bits in spelled.items():
        at = spans.cut(notation)
        toggles[at] = toggles.get(at, 0) ^ bits
    cuts = sorted(toggles)
    return cuts, list(accumulate((toggles[cut] for cut in cuts), xor, initial=0))


def _patched(records: Sequence[Compact]) -> tuple[tuple[Version, int], ...]:
    """Return the first fixed build (local version) of each public version that a record names, and its bit."""
    named: dict[tuple[int, str], Version] = {}
    for number, record in enumerate(records):
        for text in record.fixed:
            read = versions.version(text)
            if read is not None and read.local:
                named.setdefault((number, read.public), read)
    return tuple((read, 1 << number) for (number, _), read in named.items())


def _odd(records: Sequence[Compact]) -> dict[str, int]:
    """Return the records that list a version which PEP 440 cannot read, a bit for each."""
    listed: dict[str, int] = {}
    for number, record in enumerate(records):
        for version in record.odd:
            listed[version] = listed.get(version, 0) | 1 << number
    return listed
