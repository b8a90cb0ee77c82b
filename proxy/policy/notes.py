"""Signed checkpoints: what a log was at a size, in the form that others read too (c2sp.org/tlog-checkpoint).

Decided here:

* A note is text signed with Ed25519 (c2sp.org/signed-note). Each chain has an origin of its own, which is
  its key's name as well; both chains are signed with the one key of the gate.
* A note that is not signed by a key that is trusted is no checkpoint: :meth:`Trust.read` refuses it.
* Verifier keys are spelt as others spell them: ``origin+key id+base64``, one a line.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CHAINS = ("events", "decisions")
LONGEST = 64 << 10
"""Characters of the longest note that is read."""
_ED25519 = b"\x01"
_NOTE = re.compile(r"(?P<text>(?:[^\n]+\n){3,16})\n(?P<signatures>(?:— [^\s+]+ [A-Za-z0-9+/=]+\n){1,32})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class BadNote(ValueError):
    """A note or a key that cannot be read, or that nobody who is trusted signed. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's size and root, and of which log."""

    origin: str
    size: int
    root: bytes

    @property
    def chain(self) -> str:
        """Which of the gate's chains it is of."""
        return self.origin.rpartition("/")[2]

    @property
    def gate(self) -> str:
        """Which gate it is of, as it is named to the world."""
        return self.origin.rpartition("/")[0]

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(instance: str, chain: str) -> str:
    """Return what names a chain of a gate to the world."""
    return f"wicketgate/{instance}/{chain}"


@dataclass(frozen=True, slots=True)
class Signer:
    """The gate's key, and which gate it is."""

    instance: str
    key: Ed25519PrivateKey

    def sign(self, chain: str, size: int, root: bytes) -> str:
        """Return a signed checkpoint of a chain."""
        origin = origin_of(self.instance, chain)
        text = Checkpoint(origin, size, root).text
        signature = _key_id(origin, self.key.public_key()) + self.key.sign(text.encode())
        return f"{text}\n— {origin} {base64.b64encode(signature).decode()}\n"

    @property
    def verifiers(self) -> str:
        """The public key as verifier keys, one line for each chain."""
        public = self.key.public_key()
        lines = []
        for origin in (origin_of(self.instance, chain) for chain in CHAINS):
            coded = base64.b64encode(_ED25519 + public.public_bytes_raw()).decode()
            lines.append(f"{origin}+{_key_id(origin, public).hex()}+{coded}\n")
        return "".join(lines)

    @property
    def trust(self) -> Trust:
        """Those who trust this key."""
        return Trust.of(self.verifiers)


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys that somebody trusts, by name and key id."""

    keys: Mapping[tuple[str, bytes], Ed25519PublicKey]

    @classmethod
    def of(cls, text: str) -> Trust:
        """Read verifier keys, one a line. Raises BadNote."""
        keys = dict(_verifier(line) for line in text.splitlines() if line.strip())
        if not keys:
            raise BadNote("There is no key. Take the lines that wicketgate audit key prints.")
        return cls(keys)

    def for_chain(self, chain: str) -> Trust:
        """Return the same keys, trusted under the name of another chain of their gates."""
        named = [(f"{name.rpartition('/')[0]}/{chain}", key) for (name, _), key in self.keys.items()]
        return Trust({(name, _key_id(name, key)): key for name, key in named})

    def read(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note that a trusted key signed. Raises BadNote."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  as in _verifier

        checkpoint, found = parse(note)
        verified = False
        for name, signature in found:
            key = self.keys.get((name, signature[:4]))
            if key is None or name != checkpoint.origin:
                continue
            try:
                key.verify(signature[4:], checkpoint_text(note).encode())
            except InvalidSignature:
                raise BadNote(f"The signature of {name} under checkpoint {checkpoint.size} is false.") from None
            verified = True
        if not verified:
            raise BadNote(f"No key that is trusted signed checkpoint {checkpoint.size} of {checkpoint.origin}.")
        return checkpoint


def checkpoint_text(note: str) -> str:
    """Return what was signed of a note."""
    return note.rpartition("\n\n")[0] + "\n"


def parse(note: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """Return a note's checkpoint and its signatures by name, none of them verified. Raises BadNote."""
    found = _NOTE.fullmatch(note) if len(note) <= LONGEST else None
    if found is None:
        raise BadNote("This is no signed checkpoint (c2sp.org/tlog-checkpoint).")
    origin, size, root, *_ = found["text"].split("\n")
    if not _SIZE.fullmatch(size):
        raise BadNote(f"The size in the checkpoint of {origin} is no number.")
    signatures = [tuple(line.split(" ")[1:]) for line in found["signatures"].splitlines()]
    checkpoint = Checkpoint(origin, int(size), _bytes(root, 32, "The root hash"))
    return checkpoint, [(name, _bytes(coded, None, "A signature")) for name, coded in signatures]


def split(text: str) -> list[str]:
    """Return the notes of a file that holds several, one after the other. Raises BadNote for what is none."""
    notes, place = [], 0
    text = text.replace("\r\n", "\n").strip("\n") + "\n"
    while place < len(text):
        found = _NOTE.match(text, place)
        if found is None:
            raise BadNote("The file holds something else than signed checkpoints (c2sp.org/tlog-checkpoint).")
        notes.append(found[0])
        place = found.end() + len(text[found.end() :]) - len(text[found.end() :].lstrip("\n"))
    return notes


def joined(notes: Iterable[str]) -> str:
    """Return several notes as one file that :func:`split` takes apart."""
    return "\n".join(notes)


def _verifier(line: str) -> tuple[tuple[str, bytes], Ed25519PublicKey]:
    # Cryptography takes long to load: no process does that before it reads a key.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    name, _, rest = line.strip().partition("+")
    identity, _, coded = rest.partition("+")
    raw = _bytes(coded, 33, f"The key of {name[:80]}")
    if raw[:1] != _ED25519 or not name or " " in name:
        raise BadNote(f"The key of {name[:80]} is no Ed25519 key.")
    key = Ed25519PublicKey.from_public_bytes(raw[1:])
    if identity != _key_id(name, key).hex():
        raise BadNote(f"The key of {name[:80]} does not have the id {identity[:16]} that stands beside it.")
    return (name, _key_id(name, key)), key


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.public_bytes_raw()).digest()[:4]


def _bytes(coded: str, length: int | None, what: str) -> bytes:
    try:
        found = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{what} is not base64.") from None
    if length is not None and len(found) != length:
        raise BadNote(f"{what} has {len(found)} bytes instead of {length}.")
    return found
