"""Nouns to rows and back: JSON bodies for entries, flat records for the two chains.

The record dictionaries here are what the ledger hashes; a key added to one changes what is hashed
and therefore needs a new ledger version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from proxy.model import (
    Account,
    Acknowledgement,
    Actor,
    Approval,
    Ask,
    AuditEvent,
    Change,
    Channel,
    CiRule,
    DecisionRecord,
    Entry,
    FeedState,
    HandedOut,
    Invitation,
    LateFile,
    NamesList,
    Origin,
    Prohibition,
    Proposal,
    Terms,
    Token,
    Waiver,
)
from proxy.store import Reach

KINDS: Mapping[str, type[Entry]] = {
    "approval": Approval,
    "acknowledgement": Acknowledgement,
    "prohibition": Prohibition,
    "waiver": Waiver,
    "origin": Origin,
    "ask": Ask,
    "token": Token,
    "late": LateFile,
    "terms": Terms,
    "channel": Channel,
    "feed": FeedState,
    "names": NamesList,
    "account": Account,
    "invitation": Invitation,
    "rule": CiRule,
    "proposal": Proposal,
}
_KIND_OF = {kind: name for name, kind in KINDS.items()}
Record = dict[str, object]


def instant(at: datetime) -> str:
    """Return a time as text that sorts: UTC, microseconds, always the same width."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def moment(text: str) -> datetime:
    """Return the time that :func:`instant` wrote."""
    return datetime.fromisoformat(text)


def entry_row(entry: Entry, seq: int) -> Record:
    """Return the row that keeps ``entry`` as of event ``seq``."""
    return {
        "id": entry.id,
        "kind": _KIND_OF[type(entry)],
        "project": getattr(entry, "project", ""),
        "body": msgspec.json.encode(entry).decode(),
        "put_seq": seq,
        "ended_seq": None,
    }


def entry_of(kind: str, body: str) -> Entry:
    """Return the entry that a row keeps."""
    return msgspec.json.decode(body, type=KINDS[kind])


def digest(body: str) -> str:
    """Return the digest by which an event vouches for an entry's row."""
    return hashlib.sha256(body.encode()).hexdigest()


def event_record(change: Change, actor: Actor, at: datetime, seq: int, revision: int) -> Record:
    """Return the record of a change, ready to be sealed. It vouches for every entry it puts or ends."""
    put = {entry.id: digest(str(entry_row(entry, seq)["body"])) for entry in change.puts}
    return {
        "seq": seq,
        "at": instant(at),
        "tag": change.tag,
        "actor": asdict(actor),
        "project": change.project,
        "reason": change.reason,
        "revision": revision,
        "detail": {**change.detail, "entries": put, "ended": list(change.ends)},
    }


def event_row(record: Mapping[str, object]) -> Record:
    """Return the row of a sealed event record."""
    return {**record, "actor": _text(record["actor"]), "detail": _text(record["detail"])}


def event_of(record: Mapping[str, object]) -> AuditEvent:
    """Return the noun of a sealed event record."""
    return msgspec.convert(record, AuditEvent, strict=False)


def decision_record(uid: str, decision: DecisionRecord, seq: int) -> Record:
    """Return the record of a decision, ready to be sealed."""
    return {
        **asdict(decision),
        "codes": list(decision.codes),
        "at": instant(decision.at),
        "uid": uid,
        "seq": seq,
    }


def decision_row(record: Mapping[str, object]) -> Record:
    """Return the row of a sealed decision record."""
    return {**record, "codes": _text(record["codes"])}


def decision_of(record: Mapping[str, object]) -> DecisionRecord:
    """Return the noun of a decision record."""
    return msgspec.convert(record, DecisionRecord)


def handed_out_of(row: Sequence[Any]) -> HandedOut:
    """Return the noun of a row: project, version, client, token, agent, count, first, last."""
    project, version, client, token, agent, count, first, last = row
    return HandedOut(project, version, client, token, agent, count, moment(first), moment(last))


def reach_of(row: Sequence[Any]) -> Reach:
    """Return the noun of a row: project, version, clients, files, last."""
    project, version, clients, files, last = row
    return Reach(project, version, clients, files, moment(last))


def event_record_of(row: Mapping[str, object]) -> Record:
    """Return the record that an event's row holds, as it was hashed."""
    return {**row, "actor": _object(row["actor"]), "detail": _object(row["detail"])}


def decision_record_of(row: Mapping[str, object]) -> Record:
    """Return the record that a decision's row holds, as it was hashed."""
    return {**row, "codes": _object(row["codes"])}


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _object(text: object) -> object:
    """Read JSON back. Text that somebody broke stays text: it then fails its hash, which names it."""
    try:
        return json.loads(str(text))
    except ValueError:
        return text
