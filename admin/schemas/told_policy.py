"""What the admin API and the pages tell of the policy: approvals, prohibitions, waivers, channels, late files."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from proxy.model import Acknowledgement, Approval, Channel, LateFile, Prohibition, Waiver
from proxy.policy import terms
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.terms import TermsData


class FrozenOut(TypedDict):
    """A file that an approval froze, by its digest."""

    filename: str
    sha256: str | None
    licence: str | None
    publisher: str | None


class ApprovalOut(TypedDict):
    """Somebody's yes."""

    id: str
    project: str
    specifier: str
    standing: bool
    prereleases: bool
    sdists: bool
    yanked: bool
    legacy: bool
    channel: str
    emergency: bool
    acknowledged: list[str]
    by: str
    at: str
    until: str | None
    reason: str
    ticket: str
    exact: bool
    files: list[FrozenOut]


def approval_data(approval: Approval) -> ApprovalOut:
    """Return an approval as JSON data, its files by name and digest."""
    return {
        "id": approval.id,
        "project": approval.project,
        "specifier": approval.specifier,
        "standing": approval.standing,
        "prereleases": approval.prereleases,
        "sdists": approval.sdists,
        "yanked": approval.yanked,
        "legacy": approval.legacy,
        "channel": approval.channel,
        "emergency": approval.emergency,
        "acknowledged": list(approval.acknowledged),
        "by": approval.by,
        "at": approval.at.isoformat(),
        "until": approval.until.isoformat() if approval.until else None,
        "reason": approval.reason,
        "ticket": approval.ticket,
        "exact": approval.exact,
        "files": [
            {"filename": f.filename, "sha256": f.sha256, "licence": f.licence, "publisher": f.publisher}
            for f in approval.files
        ],
    }


class ProhibitionOut(TypedDict):
    """Somebody's no."""

    id: str
    project: str
    specifier: str
    by: str
    reason: str
    at: str
    channel: str


def prohibition_data(entry: Prohibition) -> ProhibitionOut:
    """Return a prohibition as JSON data."""
    return {
        "id": entry.id,
        "project": entry.project,
        "specifier": entry.specifier,
        "by": entry.by,
        "reason": entry.reason,
        "at": entry.at.isoformat(),
        "channel": entry.channel,
    }


class WaiverOut(TypedDict):
    """An advisory that is set aside; ``in_force`` says whether the waiver has not ended."""

    id: str
    project: str
    specifier: str
    advisory: str
    by: str
    reason: str
    at: str
    until: str
    channel: str
    owner: str
    justification: str
    second: str
    in_force: bool


def waiver_data(waiver: Waiver, at: datetime) -> WaiverOut:
    """Return a waiver as JSON data, as it stands at a time."""
    return {
        "id": waiver.id,
        "project": waiver.project,
        "specifier": waiver.specifier,
        "advisory": waiver.advisory,
        "by": waiver.by,
        "reason": waiver.reason,
        "at": waiver.at.isoformat(),
        "until": waiver.until.isoformat(),
        "channel": waiver.channel,
        "owner": waiver.owner,
        "justification": waiver.justification,
        "second": waiver.second,
        "in_force": at < waiver.until,
    }


class AcknowledgementOut(TypedDict):
    """A name that looks like ``target`` and is meant all the same."""

    id: str
    project: str
    target: str
    by: str
    reason: str
    at: str


def acknowledgement_data(entry: Acknowledgement) -> AcknowledgementOut:
    """Return an acknowledged look-alike as JSON data."""
    return {
        "id": entry.id,
        "project": entry.project,
        "target": entry.target,
        "by": entry.by,
        "reason": entry.reason,
        "at": entry.at.isoformat(),
    }


class ChannelOut(TypedDict):
    """A channel, with the terms in force there; ``own`` names those that it does not inherit."""

    name: str
    base: str
    index: str
    own: list[str]
    terms: TermsData
    by: str
    at: str
    reason: str


def channel_data(channel: Channel, snapshot: PolicySnapshot) -> ChannelOut:
    """Return a channel as JSON data."""
    return {
        "name": channel.name,
        "base": channel.base,
        "index": f"/{channel.name}/simple/",
        "own": list(channel.sets),
        "terms": terms.data(snapshot.of_channel(channel.name).terms),
        "by": channel.by,
        "at": channel.at.isoformat(),
        "reason": channel.reason,
    }


class TermsOut(TermsData):
    """The standing rules in force in a channel, and the revision of the policy."""

    revision: int


class LateOut(TypedDict):
    """A file that was added to an approved version later."""

    project: str
    version: str
    filename: str
    sha256: str | None
    uploaded: str | None
    differs: str
    channel: str
    at: str


def late_data(late: LateFile) -> LateOut:
    """Return a late file as JSON data."""
    return {
        "project": late.project,
        "version": late.file.version,
        "filename": late.file.filename,
        "sha256": late.file.sha256,
        "uploaded": late.file.upload_time.isoformat() if late.file.upload_time else None,
        "differs": late.differs,
        "channel": late.channel,
        "at": late.at.isoformat(),
    }
