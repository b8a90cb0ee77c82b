"""How records chain: each holds the hash of the one before, so that none can be altered unseen.

Canonical form is JSON after RFC 8785: sorted keys, UTF-8, no blanks. Our records hold text,
integers, lists and objects with ASCII keys only, for which msgspec's sorted writer gives exactly that
form. Hash: SHA-256 over a domain prefix, the hash of the record before, and the canonical record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

Record = Mapping[str, object] | msgspec.Struct
"""A record that is hashed. A struct is for the busiest ones: it holds no float, and names its fields in order."""

_write = msgspec.json.Encoder(order="sorted").encode
_write_struct = msgspec.json.encode
_PLAIN = frozenset({str, int, bool, type(None)})

_CHAINED = b"wicketgate:1\n%b\n%b"
GENESIS = "0" * 64
"""What the first record of a chain calls the one before."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing wrong in a chain: at which sequence number, and what."""

    seq: int
    problem: str


def canonical(record: Record) -> bytes:
    """Return the one spelling of ``record`` that is hashed. Floats are refused (RFC 8785 3.2.2.3)."""
    if isinstance(record, msgspec.Struct):
        return _write_struct(record)
    _without_floats(record.values())
    return _write(record)


def sealed_bytes(record: Record, previous: str) -> bytes:
    """Return the bytes whose SHA-256 is the record's hash. ``record`` is taken without ``hash`` and ``previous``."""
    return _CHAINED % (previous.encode(), canonical(record))


def seal(record: Record, previous: str) -> str:
    """Return the hash of ``record`` (without ``hash`` and ``previous``) chained to ``previous``."""
    return hashlib.sha256(sealed_bytes(record, previous)).hexdigest()


def seal_each(records: Iterable[msgspec.Struct], previous: str) -> list[str]:
    """Return the hashes of records that follow each other, the first chained to ``previous``: :func:`seal` of each."""
    found: list[str] = []
    for record in records:
        previous = hashlib.sha256(_CHAINED % (previous.encode(), _write_struct(record))).hexdigest()
        found.append(previous)
    return found


def bare(record: Mapping[str, object]) -> dict[str, object]:
    """Return a sealed record without its ``hash`` and ``previous``: what was hashed."""
    return {key: value for key, value in record.items() if key not in {"hash", "previous"}}


def verify(records: Iterable[Mapping[str, object]], after: int = 0, previous: str = GENESIS) -> Iterator[Flaw]:
    """Yield what is wrong with a chain, in order: altered, missing, added or reordered records.

    Records come in the order of their ``seq``; the first follows record ``after``, whose hash is ``previous``.
    """
    expected = after + 1
    for record in records:
        seq = record["seq"]
        if not isinstance(seq, int):
            yield Flaw(expected, "the sequence number is not a number")
            return
        if seq != expected:
            missing = f"event {expected} is missing" if seq > expected else f"event {seq} stands out of order"
            yield Flaw(expected, missing)
        elif record["previous"] != previous:
            yield Flaw(seq, f"event {seq} does not follow the one before it: one of the two was replaced")
        if record["hash"] != seal(bare(record), str(record["previous"])):
            yield Flaw(seq, f"event {seq} was altered: its content does not give its hash")
        previous, expected = str(record["hash"]), seq + 1


def _without_floats(values: Iterable[object]) -> None:
    for value in [value for value in values if type(value) not in _PLAIN]:
        if isinstance(value, float):
            raise TypeError("a record may not hold a float: its spelling is not canonical")
        if isinstance(value, Mapping):
            _without_floats(value.values())
        elif isinstance(value, list | tuple):
            _without_floats(value)
