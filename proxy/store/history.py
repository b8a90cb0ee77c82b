"""What an event replaced: the entries as they stood before it and after it, from the history that is kept of each.

Decided here:

* Each side is compared with the digest by which the chain vouches for it: what somebody altered is said to be altered.
* What is kept of a secret (the digest of a token's) is shown to nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from sqlite_utils import Database

from proxy.policy.reporting import Lifetime
from proxy.store import chains, rows
from proxy.store.trail import EntryChange, Told

_SECRET = re.compile("secret|password|hash|seed|recovery|credential")
_SECRETS_OF = {
    "token": frozenset({"sha256"}),
    "invitation": frozenset({"sha256"}),
    "account": frozenset({"totp", "passkeys"}),
    "proposal": frozenset({"puts"}),  # entries as they would be kept, an account's among them
}


def told(db: Database, seq: int) -> Told | None:
    """Return an event with what it replaced, None where there is no such event."""
    record = next(chains.read(db, "events", seq - 1, seq), None)
    if record is None:
        return None
    after = {row["id"]: row for row in db.query("select * from entries where put_seq = ?", [seq])}
    before = {row["id"]: row for row in db.query("select * from entries where ended_seq = ?", [seq])}
    names = sorted(after.keys() | before.keys())
    return Told(rows.event_of(record), tuple(_change(db, before.get(name), after.get(name)) for name in names))


def lifetimes(db: Database, kind: str, by: str) -> list[Lifetime]:
    """Return every entry of a kind there ever was (``by`` an actor's id), oldest first, and how each was ended."""
    sql = """select e.kind, e.body, p.at as put_at, x.at as ended_at, x.tag, x.reason,
        json_extract(x.actor, '$.name') as name,
        exists (select 1 from entries n where n.id = e.id and n.put_seq = e.ended_seq) as replaced
        from entries e join events p on p.seq = e.put_seq left join events x on x.seq = e.ended_seq
        where e.kind = ? and (? = '' or json_extract(p.actor, '$.id') = ?) order by e.put_seq"""
    return [
        Lifetime(
            rows.entry_of(row["kind"], row["body"]),
            rows.moment(row["put_at"]),
            rows.moment(row["ended_at"]) if row["ended_at"] else None,
            row["tag"] or "",
            row["name"] or "",
            row["reason"] or "",
            bool(row["replaced"]),
        )
        for row in db.query(sql, [kind, by, by])
    ]


def _change(db: Database, before: rows.Record | None, after: rows.Record | None) -> EntryChange:
    either = after or before
    assert either is not None  # noqa: S101  the names come from the two
    vouched = all(row is None or _vouched(db, row) for row in (before, after))
    return EntryChange(str(either["id"]), str(either["kind"]), _shown(before), _shown(after), vouched)


def _shown(row: rows.Record | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    hidden = _SECRETS_OF.get(str(row["kind"]), frozenset())
    body = json.loads(str(row["body"]))
    return {name: value for name, value in body.items() if name not in hidden and not _SECRET.search(name)}


def _vouched(db: Database, row: rows.Record) -> bool:
    """Whether the event that put the row says that this is what it put."""
    event = next(db.query("select detail from events where seq = ?", [row["put_seq"]]), None)
    said = json.loads(event["detail"]) if event else {}
    return rows.vouched(said.get("entries", {}).get(row["id"]), row)
