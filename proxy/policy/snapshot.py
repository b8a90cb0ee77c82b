"""The policy at one revision, indexed for asking. Immutable: a change makes a new one.

A snapshot is derived from what the store keeps and can be thrown away at any time. It carries the
dates of its parts, so that a rule may find it too old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TypeVar

from packaging.utils import NormalizedName

from proxy.model import (
    Acknowledgement,
    Approval,
    Channel,
    Code,
    Effect,
    Entry,
    FeedState,
    Finding,
    Origin,
    Prohibition,
    Quarantine,
    ReleaseFile,
    Terms,
    Waiver,
)
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.similarity import NameIndex


@dataclass(frozen=True, slots=True)
class Grant:
    """An approval made ready for pages of thousands: its frozen files by name, and the finding that permits."""

    approval: Approval
    pins: Mapping[str, ReleaseFile]
    versions: frozenset[str]
    permit: Finding
    """Its code says whether it is an ordinary approval or an emergency."""

    @classmethod
    def of(cls, approval: Approval) -> Grant:
        """Index ``approval``."""
        files = approval.files
        pins = {file.filename: file for file in files}
        return cls(approval, pins, frozenset(file.version for file in files), _permit(approval))


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of names: popular projects by their rank (1 is first), and the index that recognises look-alikes.

    ``popular`` is None only while the index is still being built at start.
    """

    known: Mapping[str, int] = field(default_factory=dict)
    popular: NameIndex | None = None
    protected: NameIndex | None = None
    approved: frozenset[str] = frozenset()

    def protecting(self, approved: Iterable[str]) -> Names:
        """Return the same names with these approved ones protected as well."""
        names = frozenset(approved)
        if names == self.approved or self.popular is None:
            return self
        return replace(self, protected=self.popular.extended(sorted(names)), approved=names)


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """Everything a rule may look at, at one ``revision``. ``prefixes`` is how an allowed file's URL may begin.

    The whole of it holds the entries of every channel; a question is asked of one channel's view (:meth:`of_channel`).
    ``acknowledged`` look-alikes stand by name and target. ``quarantined`` are projects that the index
    quarantined. ``doubt`` is by how much the clock may be wrong.
    """

    revision: int = 0
    terms: Terms = field(default_factory=Terms)
    grants: Mapping[NormalizedName, tuple[Grant, ...]] = field(default_factory=dict)
    prohibitions: Mapping[NormalizedName, tuple[Prohibition, ...]] = field(default_factory=dict)
    waivers: Mapping[NormalizedName, tuple[Waiver, ...]] = field(default_factory=dict)
    acknowledged: Mapping[tuple[str, str], Acknowledgement] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    quarantined: Mapping[NormalizedName, Quarantine] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    prefixes: tuple[str, ...] = ()
    advisories: AdvisoryIndex = field(default_factory=AdvisoryIndex.empty)
    feed: FeedState | None = None
    names: Names = field(default_factory=Names)
    doubt: timedelta = timedelta(0)

    def is_internal(self, project: NormalizedName) -> bool:
        """Whether the terms keep this name away from the public index."""
        return any(fnmatchcase(project, pattern) for pattern in self.terms.internal)

    def pinned(self, project: NormalizedName) -> dict[str, ReleaseFile]:
        """Return every file that an approval of the project froze, by file name."""
        return {name: file for grant in self.grants.get(project, ()) for name, file in grant.pins.items()}

    def about(self, project: NormalizedName) -> PolicySnapshot:
        """Return what rules about a project's versions and files may look at, all but the advisories.

        Two that are equal judge alike, whatever happened to other projects meanwhile.
        """
        return PolicySnapshot(
            terms=self.terms,
            grants=_of_one(self.grants, project),
            prohibitions=_of_one(self.prohibitions, project),
            waivers=_of_one(self.waivers, project),
            prefixes=self.prefixes,
            advisories=_NO_ADVISORIES,
            feed=self.feed,
            doubt=self.doubt,
        )

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return a channel and those it inherits from, itself first and the base of all ("") last.

        Raises KeyError for a channel that there is not.
        """
        line = [name]
        while line[-1]:
            base = self.channels[line[-1]].base
            line.append("" if base in line else base)
        return tuple(line)

    def only_in(self, name: str) -> list[Approval | Prohibition | Waiver]:
        """Return what was said in one channel and not inherited there."""
        said: list[Approval | Prohibition | Waiver] = [g.approval for granted in self.grants.values() for g in granted]
        said += [entry for entries in self.prohibitions.values() for entry in entries]
        said += [entry for entries in self.waivers.values() for entry in entries]
        return [entry for entry in said if entry.channel == name]

    def of_channel(self, name: str) -> PolicySnapshot:
        """Return what counts in one channel ("" is the default one). Raises KeyError where there is none."""
        line = self.lineage(name)
        if not self.channels:
            return self
        here = frozenset(line)
        terms = self.terms
        for channel in (self.channels[step] for step in reversed(line) if step):
            terms = replace(terms, **{own: getattr(channel.terms, own) for own in channel.sets})
        return replace(
            self,
            terms=terms,
            grants=_within(self.grants, here),
            prohibitions=_within(self.prohibitions, here),
            waivers=_within(self.waivers, here),
        )

    def enforced(self) -> PolicySnapshot:
        """Return this policy without its observe mode: what is approved, resolved and reviewed goes by that."""
        return self if self.terms.mode == "enforce" else replace(self, terms=replace(self.terms, mode="enforce"))

    def supposing(self, approval: Approval) -> PolicySnapshot:
        """Return this policy with an approval that nobody granted, to see what granting it would open.

        Who grants one acknowledges what is missed of the advisories, so that withholds nothing here.
        """
        waits = self.terms.stale_advisories == "acknowledge"
        terms = replace(self.terms, stale_advisories="say") if waits else self.terms
        return self.amended((approval, terms), (), self.revision)

    def seen_in(self, name: str) -> PolicySnapshot:
        """Return what counts in a channel, also in one that was closed a moment ago: there nothing is approved."""
        if name and name not in self.channels:
            return replace(self, grants={}, terms=replace(self.terms, mode="enforce"))
        return self.of_channel(name)

    def amended(self, puts: Iterable[Entry], ends: Iterable[str], revision: int) -> PolicySnapshot:
        """Return this snapshot with entries put (by id, replacing) and others ended."""
        puts = tuple(puts)
        gone = frozenset(ends) | {entry.id for entry in puts}
        approvals = [entry for entry in puts if isinstance(entry, Approval)]
        origins = tuple(o for o in self.origins if o.id not in gone) + tuple(_only(puts, Origin))
        granted = _amend(self.grants, [Grant.of(entry) for entry in approvals], gone)
        return replace(
            self,
            revision=revision,
            terms=next((entry for entry in puts if isinstance(entry, Terms)), self.terms),
            grants=granted,
            prohibitions=_amend(self.prohibitions, _only(puts, Prohibition), gone),
            waivers=_amend(self.waivers, _only(puts, Waiver), gone),
            acknowledged={
                **{pair: kept for pair, kept in self.acknowledged.items() if kept.id not in gone},
                **{(met.project, met.target): met for met in _only(puts, Acknowledgement)},
            },
            quarantined={
                **{name: kept for name, kept in self.quarantined.items() if kept.id not in gone},
                **{entry.project: entry for entry in _only(puts, Quarantine)},
            },
            channels={
                **{name: kept for name, kept in self.channels.items() if kept.id not in gone},
                **{channel.name: channel for channel in _only(puts, Channel)},
            },
            feed=next((entry for entry in puts if isinstance(entry, FeedState)), self.feed),
            origins=origins,
            prefixes=tuple(f"{origin.url}/" for origin in origins),
            names=self.names.protecting(granted),
        )


_NO_ADVISORIES = AdvisoryIndex.empty()


def _permit(approval: Approval) -> Finding:
    code, word = (Code.EMERGENCY, "Opened in an emergency") if approval.emergency else (Code.APPROVED, "Approved")
    return Finding(
        code,
        Effect.PERMIT,
        f"{word} by {approval.by} on {approval.at:%Y-%m-%d}: {approval.reason}",
        until=approval.until,
        evidence={"approval": approval.id, "by": approval.by},
    )


_Kind = TypeVar("_Kind", Acknowledgement, Prohibition, Quarantine, Waiver, Origin, Channel)
_Kept = TypeVar("_Kept", Grant, Prohibition, Waiver)


def _only(puts: Iterable[Entry], kind: type[_Kind]) -> list[_Kind]:
    return [entry for entry in puts if isinstance(entry, kind)]


def _amend(
    kept: Mapping[NormalizedName, tuple[_Kept, ...]], new: list[_Kept], gone: frozenset[str]
) -> Mapping[NormalizedName, tuple[_Kept, ...]]:
    """Return the index without ``gone`` and with ``new``, sharing what did not change."""
    touched = {project for project, items in kept.items() if any(_id(item) in gone for item in items)}
    added: dict[NormalizedName, list[_Kept]] = {}
    for item in new:
        added.setdefault(_project(item), []).append(item)
    touched |= added.keys()
    if not touched:
        return kept
    amended = dict(kept)
    for project in touched:
        items = tuple(item for item in kept.get(project, ()) if _id(item) not in gone)
        items += tuple(added.get(project, ()))
        amended[project] = items
        if not items:
            del amended[project]
    return amended


def _within(
    kept: Mapping[NormalizedName, tuple[_Kept, ...]], channels: frozenset[str]
) -> Mapping[NormalizedName, tuple[_Kept, ...]]:
    """Return the index with what counts in any of these channels alone."""
    within = {name: tuple(item for item in items if _channel(item) in channels) for name, items in kept.items()}
    return {name: items for name, items in within.items() if items}


def _of_one(
    kept: Mapping[NormalizedName, tuple[_Kept, ...]], project: NormalizedName
) -> Mapping[NormalizedName, tuple[_Kept, ...]]:
    return {project: kept[project]} if project in kept else {}


def _channel(item: Grant | Prohibition | Waiver) -> str:
    return item.approval.channel if isinstance(item, Grant) else item.channel


def _id(item: Grant | Prohibition | Waiver) -> str:
    return item.approval.id if isinstance(item, Grant) else item.id


def _project(item: Grant | Prohibition | Waiver) -> NormalizedName:
    return item.approval.project if isinstance(item, Grant) else item.project
