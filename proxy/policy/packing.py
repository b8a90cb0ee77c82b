"""What matching needs of advisory records, packed: worked out once where a record is read, kept, and joined by project.

Must not know: feeds, files, what is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from proxy.model import Advisory, Affected, Rating
from proxy.policy import spans

Parts = tuple[tuple[str, bytes], ...]
"""What matching needs of one record for each project that it is about: nothing where it was withdrawn."""


class Compact(msgspec.Struct, frozen=True, array_like=True):
    """A live record about one project, as it is packed."""

    id: str
    aliases: tuple[str, ...]
    malicious: bool
    rating: Rating
    score: float | None
    summary: str
    cuts: tuple[str, ...]
    fixed: tuple[str, ...]
    odd: tuple[str, ...]


_encode: Final = msgspec.msgpack.Encoder().encode
unpack: Final = msgspec.msgpack.Decoder(tuple[Compact, ...]).decode
"""Returns the records that were packed. Raises msgspec.DecodeError on other bytes."""


def pack(advisories: Iterable[Advisory], project: str) -> bytes:
    """Return what matching needs of the records about ``project``, withdrawn ones left out.

    The bytes depend on the records alone, not on their order.
    """
    return join((record.id, about(record, project)) for record in advisories)


def about(record: Advisory, project: str) -> bytes:
    """Return what matching needs of a record for one project: nothing where it is not about that."""
    return dict(compacted(record)).get(project, b"")


def compacted(record: Advisory) -> Parts:
    """Return what matching needs of a record."""
    entries: dict[str, list[Affected]] = {}
    for entry in record.affected:
        entries.setdefault(entry.project, []).append(entry)
    live = record.withdrawn is None
    return tuple([(project, _compact(record, own) if live else b"") for project, own in entries.items()])


def _compact(record: Advisory, entries: list[Affected]) -> bytes:
    said, rated = spans.spans(entries), record.severity
    return _encode(
        Compact(
            record.id,
            record.aliases,
            record.malicious,
            rated.rating,
            rated.score,
            record.summary,
            said.cuts,
            said.fixed,
            said.odd,
        )
    )


def join(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Return what :func:`compacted` made of records about one project, each by its id, as :func:`pack` packs them."""
    return _encode([msgspec.Raw(part) for _, part in sorted(parts) if part])
