"""Whether the times that records are searched by are those of the records: what is missing there hides a record."""

from __future__ import annotations

from collections.abc import Iterator

from sqlite_utils import Database

from proxy.policy.ledger import Flaw
from proxy.store import chains

_KEPT = "select slot, first, last from times where chain = ?"


def flaws(db: Database, chain: str) -> Iterator[Flaw]:
    """Yield each ten minutes of a chain whose kept range leaves records of that time out."""
    sql = f"select substr(at, 1, 15) as slot, min(seq), max(seq) from {chain} group by 1"  # noqa: S608  our own name
    with db.atomic():
        found = list(db.execute(sql))
        kept = {slot: (first, last) for slot, first, last in db.execute(_KEPT, [chain])}
    for text, first, last in found:
        number = chains.slot_of(text)
        low, high = kept.get(number, (chains.LAST, 0)) if number is not None else (0, chains.LAST)
        if low > first or high < last:
            yield Flaw(first, f"{chain} {first} to {last} cannot be found by their time: restore a backup")
