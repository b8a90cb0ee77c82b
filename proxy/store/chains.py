"""The two chains as they are written and read whole: sealed records, their words, and the times they span.

Decided here:

* A record, its words and its time are written in one transaction, by the one writer.
* Time is searched by ten-minute slots: each slot keeps the first and the last record that fell into it, so that
  a period becomes a range of sequence numbers although records do not arrive in the order of their clocks.
* Whoever reads a chain whole reads it in pages: a long reader would keep the write-ahead log from being folded back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sqlite_utils import Database

from proxy.model import DecisionRecord
from proxy.policy import ledger
from proxy.store import rows, words
from proxy.store.sql import insert, insert_all

SLOT_SECONDS = 600
PAGE = 1000
LAST = 2**63 - 1
_DECISIONS = f"decisions ({', '.join(rows.DECISION_COLUMNS)})"


def head(db: Database, chain: str) -> tuple[int, str]:
    """Return the last record's number and hash: of the table, of what was archived, or nothing's."""
    last = f"select seq, hash from {chain} order by seq desc limit 1"  # noqa: S608  our own name
    row = next(db.query(last), None)
    if row is None and chain == "decisions":
        row = next(db.query("select last as seq, hash from segments order by last desc limit 1"), None)
    return (0, ledger.GENESIS) if row is None else (row["seq"], row["hash"])


def append_event(db: Database, record: rows.Record, previous: str) -> rows.Record:
    """Seal an event's record and write it. Returns it with its hash."""
    sealed = {**record, "previous": previous, "hash": ledger.seal(record, previous)}
    insert(db, "events", rows.event_row(sealed))
    _find_by(db, "events", [(sealed["seq"], words.of_event(sealed))])
    _span(db, "events", [(str(sealed["at"]), int(str(sealed["seq"])))])
    return sealed


def append_decisions(db: Database, records: Sequence[tuple[str, DecisionRecord]]) -> None:
    """Seal decisions and write them."""
    last, previous = head(db, "decisions")
    lines = [rows.decision_line(uid, decision, seq) for seq, (uid, decision) in enumerate(records, last + 1)]
    if not lines:
        return
    sealed = ledger.seal_each(lines, previous)
    insert_all(db, _DECISIONS, list(map(rows.decision_values, lines, [previous, *sealed], sealed)))
    _find_by(
        db, "decisions", [(seq, words.of_decision(decision)) for seq, (_, decision) in enumerate(records, last + 1)]
    )
    _span(db, "decisions", [(line.at, line.seq) for line in lines])


def unwritten(db: Database, records: Sequence[tuple[str, DecisionRecord]]) -> list[tuple[str, DecisionRecord]]:
    """Return those decisions that are not in the store yet."""
    known = "select 1 from decisions where uid = ?"
    return [(uid, decision) for uid, decision in records if next(db.query(known, [uid]), None) is None]


def page(db: Database, chain: str, after: int, upto: int, limit: int) -> list[rows.Record]:
    """Return records as they were hashed, with ``previous`` and ``hash``, from after one number to another."""
    unpack = rows.event_record_of if chain == "events" else rows.decision_record_of
    sql = f"select * from {chain} where seq > ? and seq <= ? order by seq limit ?"  # noqa: S608  our own name
    return [unpack(row) for row in db.query(sql, [after, upto, limit])]


def read(db: Database, chain: str, after: int = 0, upto: int = LAST) -> Iterator[rows.Record]:
    """Yield a chain's records as :func:`page` returns them, page by page."""
    while True:
        found = page(db, chain, after, upto, PAGE)
        yield from found
        if len(found) < PAGE:
            return
        after = int(str(found[-1]["seq"]))


def hashes(db: Database, chain: str, first: int, end: int) -> list[str]:
    """Return the hashes of the records from number ``first`` + 1 to ``end``, in order."""
    sql = f"select hash from {chain} where seq > ? and seq <= ? order by seq"  # noqa: S608  our own name
    return [row["hash"] for row in db.query(sql, [first, end])]


def between(db: Database, chain: str, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return the first and the last number that a record of this period can have; none is outside."""
    sql = f"""select coalesce(min(first), {LAST}) as first, coalesce(max(last), 0) as last from times
        where chain = ? and slot >= ? and slot <= ?"""  # noqa: S608  our own number
    begin, end = _slot(since) if since else -LAST, _slot(until) if until else LAST
    found = next(db.query(sql, [chain, begin, end]))
    return found["first"] if since else 1, found["last"] if until else LAST


def find_anew(db: Database) -> None:
    """Write the words and times of every record: for a database from before they were kept."""
    for chain in ("events", "decisions"):
        after = 0
        while found := page(db, chain, after, LAST, PAGE):
            texts = map(words.of_event, found) if chain == "events" else map(_words_of_decision, found)
            numbers = [int(str(record["seq"])) for record in found]
            _find_by(db, chain, list(zip(numbers, texts, strict=True)))
            _span(db, chain, [(str(record["at"]), seq) for record, seq in zip(found, numbers, strict=True)])
            after = numbers[-1]


def _words_of_decision(record: rows.Record) -> str:
    return words.of_decision(rows.decision_of(record))


def _find_by(db: Database, chain: str, found: Sequence[tuple[object, str]]) -> None:
    insert_all(db, f"{chain}_words (rowid, words)", found)


def _span(db: Database, chain: str, times: Iterable[tuple[str, int]]) -> None:
    slots: dict[str, list[int]] = {}
    for at, seq in times:
        slots.setdefault(at[:15], []).append(seq)  # 2026-06-01T12:3 is the slot as text
    sql = """insert into times values (:chain, :slot, :first, :last) on conflict (chain, slot) do update
        set first = min(first, excluded.first), last = max(last, excluded.last)"""
    for text, found in slots.items():
        db.execute(sql, {"chain": chain, "slot": slot_of(text), "first": found[0], "last": found[-1]})


def slot_of(text: str) -> int | None:
    """Return the number of the ten minutes that a record's time begins with, None for what somebody broke."""
    try:
        return _slot(datetime.fromisoformat(f"{text}0:00+00:00"))
    except ValueError:
        return None


def _slot(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp() // SLOT_SECONDS)
