"""What shows somebody who only has a checkpoint that a record is in the log (c2sp.org/tlog-proof).

Decided here:

* A proof carries the record itself, spelt as it was hashed: what is proved is read from there, and from nowhere else.
* The checkpoint in the proof need not be believed: who checks brings a checkpoint and a key of their own, and
  the proof must lead to that one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from proxy.policy.merkle import BrokenProof, included, leaf
from proxy.policy.notes import BadNote, Checkpoint, Trust

HEAD = "c2sp.org/tlog-proof@v1"
LONGEST = 4 << 20
"""Characters of the longest proof that is read."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A record as it was hashed, its place from 0, the path to the root, and the checkpoint as a note."""

    sealed: bytes
    index: int
    path: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof as a file."""
        steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in self.path)
        extra = base64.b64encode(self.sealed).decode()
        return f"{HEAD}\nextra {extra}\nindex {self.index}\n{steps}\n{self.note}"

    @property
    def record(self) -> dict[str, object]:
        """The record that is proved. Raises BrokenProof where there is none."""
        try:
            return msgspec.json.decode(self.sealed.split(b"\n", 2)[2], type=dict[str, object])
        except (IndexError, msgspec.DecodeError):
            raise BrokenProof("The proof holds no record.") from None


def read(text: str) -> Proof:
    """Return the proof that a file holds. Raises BrokenProof."""
    head, _, note = text.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    if len(text) > LONGEST or len(lines) < 3 or lines[0] != HEAD:
        raise BrokenProof(f"This is no proof: it does not begin with {HEAD}.")
    kind, _, extra = lines[1].partition(" ")
    word, _, index = lines[2].partition(" ")
    if (kind, word) != ("extra", "index") or not index.isascii() or not index.isdigit() or len(index) > 18:
        raise BrokenProof("The proof lacks its record or its index.")
    return Proof(_bytes(extra), int(index), tuple(map(_bytes, lines[3:])), note)


def check(proof: Proof, trust: Trust, kept: Checkpoint | None = None) -> tuple[dict[str, object], Checkpoint]:
    """Return the record that is in the log, and by which checkpoint. Raises BrokenProof, BadNote.

    ``kept`` is the checkpoint that the proof must lead to; without one the proof's own counts, where it is signed.
    """
    checkpoint = trust.read(proof.note)
    if kept is not None and kept != checkpoint:
        raise BadNote(
            f"The proof leads to checkpoint {checkpoint.size} of {checkpoint.origin}, not to the one that was kept "
            f"({kept.size} of {kept.origin}). Ask for one that does: wicketgate audit prove SEQ --checkpoint FILE"
        )
    entry = hashlib.sha256(proof.sealed).digest()
    if included(proof.index, checkpoint.size, leaf(entry), proof.path) != checkpoint.root:
        raise BrokenProof("The proof does not lead to the checkpoint's root: this record is not in that log.")
    record = proof.record
    if record.get("seq") != proof.index + 1:
        raise BrokenProof("The record's number is not its place in the log.")
    return record, checkpoint


def entry(record_hash: str) -> bytes:
    """Return the leaf hash of a record in a chain, from its hash in hex.

    A hash that somebody overwrote with something else is a leaf as well: one that leads to another root.
    """
    try:
        return leaf(bytes.fromhex(record_hash))
    except ValueError:
        return leaf(record_hash.encode())


def steps(coded: Sequence[str]) -> tuple[bytes, ...]:
    """Read hashes in base64. Raises BrokenProof."""
    return tuple(map(_bytes, coded))


def _bytes(coded: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise BrokenProof("The proof holds something that is not base64.") from None
