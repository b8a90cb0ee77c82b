"""The policy in force as a document, and the way back from an entry to what the store keeps of it.

An emergency is no part of a document: it is opened, reviewed and ended by its own verbs, and applying a document
leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from proxy.model import Approval, Channel, Origin, Prohibition, Waiver
from proxy.policy.document.entries import (
    ApprovalEntry,
    ChannelEntry,
    Document,
    Entry,
    OriginEntry,
    ProhibitionEntry,
    WaiverEntry,
    printable,
    ranged,
    values_of,
)
from proxy.policy.document.tables import ordered
from proxy.policy.snapshot import PolicySnapshot

Kept = Approval | Channel | Origin | Prohibition | Waiver


def export(snapshot: PolicySnapshot) -> Document:
    """Return the whole policy in force."""
    entries = [entry for _, entry in kept(snapshot)]
    return Document(
        values_of(snapshot.terms),
        tuple(ordered({entry.name: entry for entry in entries if isinstance(entry, ChannelEntry)}.values())),
        tuple(ordered({entry for entry in entries if isinstance(entry, ApprovalEntry)})),
        tuple(ordered({entry for entry in entries if isinstance(entry, ProhibitionEntry)})),
        tuple(ordered({entry for entry in entries if isinstance(entry, WaiverEntry)})),
        tuple(ordered({entry for entry in entries if isinstance(entry, OriginEntry)})),
        snapshot.revision,
    )


def kept(snapshot: PolicySnapshot) -> Iterator[tuple[Kept, Entry]]:
    """Yield what the store keeps that a document speaks of, each with its entry."""
    for channel in snapshot.channels.values():
        yield (
            channel,
            ChannelEntry(channel.name, channel.base, printable(channel.reason), values_of(channel.terms, channel.sets)),
        )
    for granted in snapshot.grants.values():
        for grant in granted:
            if not grant.approval.emergency:
                yield grant.approval, approval_entry(grant.approval)
    for prohibited in snapshot.prohibitions.values():
        for no in prohibited:
            yield no, ProhibitionEntry(no.project, ranged(no.specifier), printable(no.reason), no.channel)
    for waived in snapshot.waivers.values():
        for waiver in waived:
            yield waiver, _waiver_entry(waiver)
    for origin in snapshot.origins:
        yield origin, OriginEntry(origin.url, origin.settled)


def approval_entry(approval: Approval) -> ApprovalEntry:
    """Return what a document says of an approval."""
    return ApprovalEntry(
        approval.project,
        ranged(approval.specifier),
        printable(approval.reason),
        approval.channel,
        approval.standing,
        approval.prereleases,
        approval.sdists,
        approval.yanked,
        approval.legacy,
        tuple(sorted(approval.acknowledged)),
        approval.until,
        printable(approval.ticket),
        approval.exact,
        tuple(sorted((file.filename, file.sha256 or "") for file in approval.files)),
    )


def _waiver_entry(waiver: Waiver) -> WaiverEntry:
    return WaiverEntry(
        waiver.project,
        ranged(waiver.specifier),
        waiver.advisory,
        printable(waiver.reason),
        waiver.until,
        printable(waiver.owner or waiver.by),
        waiver.channel,
        waiver.justification,
    )
