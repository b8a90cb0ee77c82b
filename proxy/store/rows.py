"""Nouns to rows and back: JSON bodies for entries, flat records for the two chains.

The records here are what the ledger hashes: a key that is added to one is left out where it says nothing, so that
what was hashed before there was one stays what it was.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from proxy.errors import StoreError
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
    Quarantine,
    SavedQuery,
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
    "quarantine": Quarantine,
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
    "query": SavedQuery,
}
RESTORE = "Restore the last backup: wicketgate restore --help"
_WHOLE = "2:"
"""What begins a digest that covers a row's kind and project beside its body."""
_KIND_OF = {kind: name for name, kind in KINDS.items()}
Record = dict[str, object]


def instant(at: datetime) -> str:
    """Return a time as text that sorts: UTC, microseconds, always the same width."""
    text = at.isoformat("T", "microseconds") if at.tzinfo is UTC else at.astimezone(UTC).isoformat("T", "microseconds")
    return f"{text[:26]}Z"


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
    """Return the entry that a row keeps. Raises StoreError for what is none."""
    try:
        return msgspec.json.decode(body, type=KINDS[kind])
    except (KeyError, msgspec.MsgspecError) as error:
        raise StoreError(f"The database holds {kind[:40]!r} that this gate cannot read: {error}. {RESTORE}") from error


def vouched(said: object, row: Mapping[str, object]) -> bool:
    """Whether what an event says of an entry (see :func:`event_record`) fits the entry's row.

    Events of earlier versions vouch for the body alone: the row's other columns must then be those that it asks for.
    """
    if isinstance(said, str) and said.startswith(_WHOLE):
        return said == _digest(row)
    body = str(row["body"])
    if said != hashlib.sha256(body.encode()).hexdigest() or row["kind"] not in KINDS:
        return False
    fields = {field.name for field in dataclasses.fields(KINDS[str(row["kind"])])}
    kept: Record = json.loads(body)
    return kept.keys() <= fields and row["project"] == kept.get("project", "")


def _digest(row: Mapping[str, object]) -> str:
    whole = msgspec.json.encode([row["id"], row["kind"], row["project"], row["body"]])
    return _WHOLE + hashlib.sha256(whole).hexdigest()


def event_record(change: Change, actor: Actor, at: datetime, seq: int, revision: int) -> Record:
    """Return the record of a change, ready to be sealed. It vouches for every entry it puts or ends.

    Who acted and why are one line each, whoever wrote them: terminals show the record as it is.
    """
    facts = {name: value for name, value in asdict(actor).items() if name != "attempt"}
    put = {entry.id: _digest(entry_row(entry, seq)) for entry in change.puts}
    return {
        "seq": seq,
        "at": instant(at),
        "tag": change.tag,
        "actor": {**facts, "name": _one_line(actor.name)},
        "project": change.project,
        "reason": _one_line(change.reason),
        "revision": revision,
        "detail": {**change.detail, "entries": put, "ended": list(change.ends)},
    }


def _one_line(text: str) -> str:
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def event_row(record: Mapping[str, object]) -> Record:
    """Return the row of a sealed event record."""
    return {**record, "actor": _text(record["actor"]), "detail": _text(record["detail"])}


def event_of(record: Mapping[str, object]) -> AuditEvent:
    """Return the noun of a sealed event record."""
    return msgspec.convert(record, AuditEvent, strict=False)


class DecisionLine(msgspec.Struct, frozen=True, gc=False):
    """A decision's record, as it is hashed: its fields in the order of their names, which is the canonical one.

    Records from before tokens' ids were kept have none, so what was hashed of them stays what it was.
    """

    agent: str
    at: str
    channel: str
    client: str
    codes: tuple[str, ...]
    count: int
    filename: str
    project: str
    request_id: str
    revision: int
    seq: int
    sha256: str
    status: int
    token: str
    token_id: str | msgspec.UnsetType
    uid: str
    verdict: str
    version: str
    what: str


DECISION_COLUMNS = (*DecisionLine.__struct_fields__, "previous", "hash")


def decision_line(uid: str, decision: DecisionRecord, seq: int) -> DecisionLine:
    """Return the record of a decision, ready to be sealed."""
    return DecisionLine(
        decision.agent,
        instant(decision.at),
        decision.channel,
        decision.client,
        decision.codes,
        decision.count,
        decision.filename,
        decision.project,
        decision.request_id,
        decision.revision,
        seq,
        decision.sha256,
        decision.status,
        decision.token,
        decision.token_id or msgspec.UNSET,
        uid,
        decision.verdict,
        decision.version,
        decision.what,
    )


def decision_values(line: DecisionLine, previous: str, sealed: str) -> tuple[object, ...]:
    """Return the row of a decision that was sealed with a hash, in the order of :data:`DECISION_COLUMNS`."""
    values = [*msgspec.structs.astuple(line), previous, sealed]
    values[_CODES] = _codes(line.codes)
    values[_TOKEN_ID] = line.token_id or ""
    return tuple(values)


_CODES, _TOKEN_ID = DECISION_COLUMNS.index("codes"), DECISION_COLUMNS.index("token_id")


@lru_cache(maxsize=1024)
def _codes(codes: tuple[str, ...]) -> str:
    return msgspec.json.encode(codes).decode()


def decision_of(record: Mapping[str, object]) -> DecisionRecord:
    """Return the noun of a decision record."""
    return msgspec.convert(record, DecisionRecord)


def handed_out_of(row: Sequence[Any]) -> HandedOut:
    """Return the noun of a row: project, version, client, token, its id, agent, count, first, last."""
    project, version, client, token, token_id, agent, count, first, last = row
    return HandedOut(project, version, client, token, agent, count, moment(first), moment(last), token_id)


def reach_of(row: Sequence[Any]) -> Reach:
    """Return the noun of a row: project, version, clients, files, last."""
    project, version, clients, files, last = row
    return Reach(project, version, clients, files, moment(last))


def event_record_of(row: Mapping[str, object]) -> Record:
    """Return the record that an event's row holds, as it was hashed."""
    return {**row, "actor": _object(row["actor"]), "detail": _object(row["detail"])}


def decision_record_of(row: Mapping[str, object]) -> Record:
    """Return the record that a decision's row holds, as it was hashed: without the id of a token where it has none."""
    record = {**row, "codes": _object(row["codes"])}
    if not record.get("token_id"):
        record.pop("token_id", None)
    return record


def listed(text: object) -> list[object]:
    """Return the list that a row holds as JSON, an empty one where somebody broke it."""
    found = _object(text)
    return found if isinstance(found, list) else []


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _object(text: object) -> object:
    """Read JSON back. Text that somebody broke stays text: it then fails its hash, which names it."""
    try:
        return json.loads(str(text))
    except ValueError:
        return text
