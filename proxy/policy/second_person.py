"""What one person alone cannot do. Pure: a change and what it meets go in, the words for why come out.

Decided here:

* The terms name it in these :data:`WORDS`; a word in a channel's terms holds for every channel that it inherits
  from as well, since what is said there counts in it.
* Whatever the terms say, two people are needed to dispute a report of malware, and to take a word out of the terms.
* While the terms name any word, it takes two people to leave fewer than two who can decide: else one of them would end
  the others, and be two.
* Where nobody is left who can decide, the owner of the gate's host (:attr:`Actor.is_host`) lets somebody in alone, and
  may end anybody: else nobody ever could. No other credential may.
* Saying no is always one person's: a revocation, a prohibition, the end of a waiver waits for nobody.
* Closing a channel is not saying no: its name may be opened anew, looser. It takes two where loosening does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeGuard

from proxy.model import (
    APPROVING,
    Account,
    Approval,
    Change,
    Channel,
    Code,
    Entry,
    Invitation,
    NamesList,
    Origin,
    Prohibition,
    Terms,
    Waiver,
)
from proxy.policy import changes
from proxy.policy.credentials import Credentials
from proxy.policy.severity import RATINGS
from proxy.policy.snapshot import PolicySnapshot

LOOK_ALIKE, SEVERE_WAIVER, BREAK_GLASS, POLICY, PEOPLE = (
    "look-alike",
    "severe-waiver",
    "break-glass",
    "policy",
    "people",
)
PEOPLE_AT_LEAST = 2

MALWARE, TWO_PERSON = "malware-dispute", "two-person"
"""What always takes two people, whatever the terms say."""

WORDS = {
    LOOK_ALIKE: "approving a name that resembles another, another list of known names",
    SEVERE_WAIVER: "waiving an advisory of high, critical or unknown severity",
    BREAK_GLASS: "an emergency approval",
    POLICY: "loosening anything: approvals, waivers, prohibitions lifted, terms, origins",
    PEOPLE: "inviting, resetting or raising somebody to a role that decides",
}
"""The words of ``Terms.two_person``, and what each stands for."""


def needed(change: Change, before: PolicySnapshot, known: Credentials, *, host: bool = False) -> tuple[str, ...]:
    """Return why a change takes a second person, in words; nothing where one is enough. ``host``: its owner acts."""
    view = _with_new_channels(change, before)
    found = {word for entry in change.puts for word in _putting(entry, view, known)}
    found |= {POLICY for channel in _lifted(change.ends, before) if POLICY in words_of(before, channel)}
    if _dropped(change, before) or (not host and _too_few(change, before, known)):
        found.add(TWO_PERSON)
    if host and not known.deciders():
        found.discard(PEOPLE)
    return tuple(sorted(found))


def _with_new_channels(change: Change, before: PolicySnapshot) -> PolicySnapshot:
    """Return the policy with the channels that a change opens, as if they inherited everything: what holds above them
    holds for what is said in them, and for what they set for themselves."""
    opened = [replace(entry, sets=()) for entry in change.puts if _opens(entry, before)]
    return before.amended(opened, (), before.revision) if opened else before


def _opens(entry: Entry, before: PolicySnapshot) -> TypeGuard[Channel]:
    return isinstance(entry, Channel) and entry.name not in before.channels


def asks_more(change: Change, before: PolicySnapshot) -> bool:
    """Whether a change makes the terms of any channel name more than they do."""
    after = changes.apply(before, change)
    return any(_own(after, name) - _own(before, name) for name in ("", *after.channels))


def words_of(snapshot: PolicySnapshot, channel: str) -> frozenset[str]:
    """Return the words that hold for what is said in a channel: its own, and those of all that inherit from it."""
    heirs = [name for name in ("", *snapshot.channels) if channel in snapshot.lineage(name)]
    return frozenset(word for name in heirs for word in _own(snapshot, name))


def _own(snapshot: PolicySnapshot, name: str) -> frozenset[str]:
    """Return the words in the terms in force in a channel, none where there is no such channel."""
    if name and name not in snapshot.channels:
        return frozenset()
    line = (snapshot.channels[step] for step in snapshot.lineage(name) if step)
    terms = next((channel.terms for channel in line if "two_person" in channel.sets), snapshot.terms)
    return frozenset(terms.two_person)


def _putting(entry: Entry, before: PolicySnapshot, known: Credentials) -> Iterator[str]:
    match entry:
        case Approval():
            yield from _approval(entry, before)
        case Waiver():
            yield from _waiver(entry, before)
        case Account() | Invitation():
            if _raises(entry, known) and PEOPLE in _anywhere(before):
                yield PEOPLE
        case Terms() | Channel():
            name = entry.name if isinstance(entry, Channel) else ""
            if name and before.channels[name] == entry:  # opened, and inherits everything
                return
            if POLICY in words_of(before, name):
                yield POLICY
        case Origin() if POLICY in _anywhere(before):
            yield POLICY
        case NamesList() if LOOK_ALIKE in _anywhere(before):
            yield LOOK_ALIKE


def _approval(entry: Approval, before: PolicySnapshot) -> Iterator[str]:
    """An approval that says no more than the one it replaces needs nobody else: fewer files, an earlier end."""
    if not widens(entry, before):
        return
    meets: dict[str, Callable[[Approval], bool]] = {
        LOOK_ALIKE: lambda said: any(code.startswith(f"{Code.LOOK_ALIKE}:") for code in said.acknowledged),
        BREAK_GLASS: lambda said: said.emergency,
        POLICY: lambda _: True,
    }
    words = words_of(before, entry.channel)
    yield from (word for word, met in meets.items() if word in words and met(entry))


def widens(entry: Approval, before: PolicySnapshot) -> bool:
    """Whether an approval says more than the one that it replaces, if any."""
    old = next((g.approval for g in before.grants.get(entry.project, ()) if g.approval.id == entry.id), None)
    return old is None or not _no_wider(entry, old)


def _no_wider(entry: Approval, old: Approval) -> bool:
    sooner = entry.until == old.until or (entry.until is not None and (old.until is None or entry.until < old.until))
    same = replace(entry, files=old.files, reviewed=old.reviewed, until=old.until) == old
    return same and sooner and set(entry.files) <= set(old.files)


def _waiver(entry: Waiver, before: PolicySnapshot) -> Iterator[str]:
    words = words_of(before, entry.channel)
    if before.advisories.is_malicious(entry.project, entry.advisory):
        yield MALWARE
    if SEVERE_WAIVER in words and _severe(entry, before):
        yield SEVERE_WAIVER
    if POLICY in words:
        yield POLICY


def _severe(entry: Waiver, before: PolicySnapshot) -> bool:
    rating = before.advisories.rating(entry.project, entry.advisory)
    return rating == "unknown" or RATINGS[rating] >= RATINGS["high"]


def _raises(entry: Account | Invitation, known: Credentials) -> bool:
    """Whether somebody gets a role that decides, or a new way into an account that has one."""
    if isinstance(entry, Invitation):
        invited = known.accounts.get(entry.account)
        return invited is not None and invited.role in APPROVING
    old = known.accounts.get(entry.id)
    return entry.role in APPROVING and (old is None or old.role != entry.role or (old.disabled and not entry.disabled))


def _too_few(change: Change, before: PolicySnapshot, known: Credentials) -> bool:
    """Whether fewer people can decide afterwards, and fewer than two, while the terms name anything."""
    left = known.amended(change.puts, change.ends).deciders()
    return left < min(known.deciders(), PEOPLE_AT_LEAST) and bool(_anywhere(before))


def _lifted(ends: Iterable[str], before: PolicySnapshot) -> Iterator[str]:
    """Yield the channels in which prohibitions end, and those that are closed."""
    ended = frozenset(ends)
    yield from (channel.name for channel in before.channels.values() if channel.id in ended)
    entries: Iterable[Prohibition] = (entry for found in before.prohibitions.values() for entry in found)
    yield from (entry.channel for entry in entries if entry.id in ended)


def _dropped(change: Change, before: PolicySnapshot) -> bool:
    """Whether a channel's terms name less afterwards, or one that named something itself is gone."""
    standing = {channel.id for channel in before.channels.values()} & {*change.ends}
    if not standing and not any(isinstance(entry, Terms | Channel) for entry in change.puts):
        return False
    after, before = changes.apply(before, change), _with_new_channels(change, before)
    for name in ("", *before.channels):
        gone = bool(name) and name not in after.channels
        if gone and "two_person" not in before.channels[name].sets:
            continue
        if _own(before, name) - _own(after, name):
            return True
    return False


def _anywhere(snapshot: PolicySnapshot) -> frozenset[str]:
    return frozenset(word for name in ("", *snapshot.channels) for word in _own(snapshot, name))
