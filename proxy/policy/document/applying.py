"""From the steps of a document to one change: what is put, what is ended, and how it reads in the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Approval, Ask, Change, Channel, LateFile, Origin, Prohibition, Terms, Waiver
from proxy.model import Entry as Kept
from proxy.policy.document.comparing import Step
from proxy.policy.document.entries import (
    ApprovalEntry,
    ChannelEntry,
    Document,
    Entry,
    OriginEntry,
    ProhibitionEntry,
    WaiverEntry,
)
from proxy.policy.document.exporting import kept
from proxy.policy.document.tables import as_text, table, terms_table
from proxy.policy.snapshot import PolicySnapshot

TAG = "policy:document:applied"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who applies a document (a name, and the actor's id), when, and how entries get their ids (from "approval", …)."""

    by: str
    by_id: str
    at: datetime
    identity: Callable[[str], str]


def draft(entry: ApprovalEntry, hand: Hand) -> Approval:
    """Return a new approval as an entry says it, without files."""
    return Approval(
        id=hand.identity("approval"),
        project=entry.project,
        specifier=entry.specifier,
        files=(),
        by=hand.by,
        reason=entry.reason,
        at=hand.at,
        standing=entry.standing,
        prereleases=entry.prereleases,
        sdists=entry.sdists,
        acknowledged=entry.acknowledged,
        until=entry.until,
        ticket=entry.ticket,
        yanked=entry.yanked,
        legacy=entry.legacy,
        channel=entry.channel,
        by_id=hand.by_id,
        exact=entry.exact,
    )


def change(
    snapshot: PolicySnapshot,
    wanted: Document,
    steps: Iterable[Step],
    approvals: Mapping[ApprovalEntry, Approval],
    hand: Hand,
    reason: str,
    answered: Iterable[Ask | LateFile] = (),
) -> Change:
    """Return the one change that makes the steps true; ``approvals`` holds what new entries froze."""
    steps = tuple(steps)
    puts = [kept_as for step in steps if (kept_as := _put(step, approvals, hand)) is not None]
    if any(step.kind == "term" for step in steps):
        puts.insert(0, Terms(**wanted.terms))  # type: ignore[arg-type]
    projects = dict.fromkeys(project for step in steps if (project := _project(step)))
    return Change(
        TAG,
        " ".join(sorted(projects)),
        reason,
        puts=tuple(puts),
        ends=(*dict.fromkeys(_ends(snapshot, steps)), *(waiting.id for waiting in answered)),
        detail={"steps": [step_data(step, approvals) for step in steps]},
    )


def _put(step: Step, approvals: Mapping[ApprovalEntry, Approval], hand: Hand) -> Kept | None:
    entry = step.after
    if isinstance(entry, ApprovalEntry):
        return approvals[entry]
    if isinstance(entry, ChannelEntry):
        sets = tuple(sorted(entry.terms))
        terms = Terms(**entry.terms)  # type: ignore[arg-type]
        return Channel(f"channel:{entry.name}", entry.name, entry.base, terms, sets, hand.by, entry.reason, hand.at)
    if isinstance(entry, ProhibitionEntry):
        identity, about = hand.identity("prohibition"), (entry.project, entry.specifier)
        return Prohibition(identity, *about, hand.by, entry.reason, hand.at, entry.channel)
    if isinstance(entry, WaiverEntry):
        return Waiver(
            hand.identity("waiver"),
            entry.project,
            entry.specifier,
            entry.advisory,
            hand.by,
            entry.reason,
            hand.at,
            entry.until,
            entry.channel,
            owner=entry.owner,
            justification=entry.justification,
        )
    if isinstance(entry, OriginEntry):
        return Origin(f"origin:{entry.url}", entry.url, hand.by, hand.at, entry.settled)
    return None


def _ends(snapshot: PolicySnapshot, steps: Iterable[Step]) -> Iterator[str]:
    """Yield the ids of everything that stands behind an entry that goes, and what was said in a channel that closes."""
    ids: defaultdict[Entry, list[str]] = defaultdict(list)
    for noun, entry in kept(snapshot):
        ids[entry].append(noun.id)
    for step in steps:
        if isinstance(step.before, Entry) and not _same_id(step):
            yield from ids[step.before]
        if isinstance(step.before, ChannelEntry) and step.after is None:
            yield from (entry.id for entry in snapshot.only_in(step.before.name))


def _same_id(step: Step) -> bool:
    """Whether what is put takes the place of what was there by its id: a channel's and an origin's is its name."""
    return step.after is not None and isinstance(step.after, ChannelEntry | OriginEntry)


def _project(step: Step) -> NormalizedName | None:
    entry = step.before or step.after
    return entry.project if isinstance(entry, ApprovalEntry | ProhibitionEntry | WaiverEntry) else None


def step_data(step: Step, approvals: Mapping[ApprovalEntry, Approval] | None = None) -> dict[str, object]:
    """Return a step as plain data, before and after; an approval with the files that it froze."""
    after = _plain(step.after)
    if isinstance(step.after, ApprovalEntry) and isinstance(after, dict) and step.after in (approvals or {}):
        after["files"] = {file.filename: file.sha256 for file in (approvals or {})[step.after].files}
    return {"verb": step.verb, "kind": step.kind, "name": step.name, "before": _plain(step.before), "after": after}


def _plain(value: object) -> object:
    if value is None:
        return None
    return as_text(table(value) if isinstance(value, Entry) else terms_table({"value": value})["value"])
