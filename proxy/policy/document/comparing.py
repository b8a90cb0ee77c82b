"""What a document changes: laid over the policy in force, and compared with it entry by entry.

Decided here:

* What stands in the policy in the document's words stays as it is, with its id, its author and its date.
* An approval without files is the one in force that says the same otherwise, whatever files that froze. Where
  there is none it is new, and freezes what matches.
* An entry that is gone while another of the same key has come is one that changed. The key of an approval is
  everything that decides which files match; its files, end, reason and acknowledgements may change.
* A fragment removes nothing: terms that it names are set, and what it lists is added.
* Where files come from is learnt once. A document that settles no origin leaves what was learnt: were it ended with
  every document, whoever answers for the index would settle it anew each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from proxy.policy.document.entries import (
    TERMS,
    ApprovalEntry,
    ChannelEntry,
    Document,
    Entry,
    Fault,
    OriginEntry,
    ProhibitionEntry,
    WaiverEntry,
)
from proxy.policy.document.tables import SECTIONS, ordered

_Some = TypeVar("_Some", ApprovalEntry, ProhibitionEntry, WaiverEntry, OriginEntry)
Kind = Literal["term", "channels", "approvals", "prohibitions", "waivers", "origins"]


@dataclass(frozen=True, slots=True)
class Step:
    """One difference. Of an entry that was added ``before`` is None, of one that was removed ``after`` is.

    For a term, ``name`` says which and the two are its values (an unset one has None).
    """

    kind: Kind
    name: str
    before: object
    after: object

    @property
    def verb(self) -> Literal["added", "removed", "changed"]:
        """What happens, in one word."""
        if self.kind == "term":
            return "changed"
        return "added" if self.before is None else "removed" if self.after is None else "changed"


def laid_over(current: Document, said: Document) -> Document:
    """Return the policy as it is to be: the whole of a document, or the one in force with a fragment added."""
    approvals = _settled(current.approvals, said.approvals)
    if not said.fragment:
        return replace(said, approvals=approvals, origins=_origins(current.origins, said.origins))
    return Document(
        {**current.terms, **said.terms},
        tuple(ordered(_overlaid(current.channels, said.channels))),
        _union(current.approvals, approvals),
        _union(current.prohibitions, said.prohibitions),
        _union(current.waivers, said.waivers),
        _union(current.origins, said.origins),
    )


def _origins(current: Iterable[OriginEntry], said: tuple[OriginEntry, ...]) -> tuple[OriginEntry, ...]:
    """Return where files may come from: what a document says, and what is not its to settle or that it leaves open."""
    named, settles = {entry.url for entry in said}, any(entry.settled for entry in said)
    stay = (entry for entry in current if entry.url not in named and not (entry.settled and settles))
    return tuple(ordered([*said, *stay]))


def _settled(current: tuple[ApprovalEntry, ...], said: Iterable[ApprovalEntry]) -> tuple[ApprovalEntry, ...]:
    """Return approvals with those that list no files as they are in force, where they are."""
    in_force: defaultdict[ApprovalEntry, list[ApprovalEntry]] = defaultdict(list)
    for entry in current:
        in_force[replace(entry, files=())].append(entry)
    found: dict[ApprovalEntry, None] = {}
    for entry in said:
        found |= dict.fromkeys([entry] if entry.files else in_force.get(entry, [entry]))
    return tuple(ordered(found))


def _overlaid(current: Iterable[ChannelEntry], said: Iterable[ChannelEntry]) -> list[ChannelEntry]:
    found = {entry.name: entry for entry in current}
    for entry in said:
        known = found.get(entry.name)
        found[entry.name] = replace(entry, terms={**known.terms, **entry.terms}) if known else entry
    return list(found.values())


def _union(current: Iterable[_Some], said: Iterable[_Some]) -> tuple[_Some, ...]:
    return tuple(ordered(set(current) | set(said)))


def compare(current: Document, wanted: Document) -> list[Step]:
    """Return the steps from one whole document to another, in the order of the document."""
    before, after = current.terms, wanted.terms
    found = [Step("term", name, before[name], after[name]) for name in TERMS if before[name] != after[name]]
    for section in SECTIONS:
        found += _steps(section, getattr(current, section), getattr(wanted, section))  # type: ignore[arg-type]
    return found


def _steps(kind: Kind, current: tuple[Entry, ...], wanted: tuple[Entry, ...]) -> Iterator[Step]:
    gone: defaultdict[str, list[Entry]] = defaultdict(list)
    kept = set(current) & set(wanted)
    for entry in current:
        if entry not in kept:
            gone[key(entry)].append(entry)
    for entry in wanted:
        if entry not in kept:
            before = gone[key(entry)].pop(0) if gone[key(entry)] else None
            yield Step(kind, key(entry), before, _with_files(before, entry))
    for name, entries in gone.items():
        yield from (Step(kind, name, entry, None) for entry in entries)


def _with_files(before: Entry | None, after: Entry) -> Entry:
    """Return an approval that changed and lists no files with those that it froze: a new end date admits nothing."""
    if isinstance(before, ApprovalEntry) and isinstance(after, ApprovalEntry) and not after.files:
        return replace(after, files=before.files)
    return after


def key(entry: Entry) -> str:
    """Return what an entry is about, in words: two of the same key are one entry that changed."""
    if isinstance(entry, ChannelEntry):
        return entry.name
    if isinstance(entry, OriginEntry):
        return entry.url
    about = f"{entry.project}{entry.specifier}"
    if isinstance(entry, ApprovalEntry):
        flags = ("standing", "exact", "prereleases", "sdists", "yanked", "legacy")
        about = " ".join([about, *(flag for flag in flags if getattr(entry, flag))])
    if isinstance(entry, WaiverEntry):
        about = f"{about} {entry.advisory}"
    return f"{about} in {entry.channel}" if entry.channel else about


def loose(document: Document) -> Iterator[Fault]:
    """Yield what leads nowhere in a whole document: channels that there are not, and bases in a circle."""
    bases = {channel.name: channel.base for channel in document.channels}
    for channel in document.channels:
        if channel.base and channel.base not in bases:
            yield Fault((*channel.place, "base"), f"there is no channel {channel.base}")
        elif _circles(channel.name, bases):
            yield Fault((*channel.place, "base"), f"{channel.name} inherits from itself")
    placed: list[ApprovalEntry | ProhibitionEntry | WaiverEntry] = [*document.approvals]
    for entry in (*placed, *document.prohibitions, *document.waivers):
        if entry.channel and entry.channel not in bases:
            yield Fault((*entry.place, "channel"), f"there is no channel {entry.channel}")


def _circles(name: str, bases: Mapping[str, str]) -> bool:
    seen = {name}
    at = bases[name]
    while at in bases and at not in seen:
        seen.add(at)
        at = bases[at]
    return at == name
