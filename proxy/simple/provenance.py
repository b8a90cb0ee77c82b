"""A provenance object (PEP 740) to the name of whoever published a file.

The signatures are not verified: what counts here is what the index says, as with everything else on its pages.
Decided here:

* A bundle counts only where one of its attestations is a statement (in-toto) about this file's digest.
* A publisher is its kind and the repository or address that it is known by: ``GitHub:owner/repo``.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Final

import msgspec

_MOST: Final = 20
"""Bundles, and attestations of one, that are looked at."""

_LONGEST: Final = 200


class _Publisher(msgspec.Struct):
    kind: str = ""
    repository: str = ""
    email: str = ""


class _Envelope(msgspec.Struct):
    statement: str = ""


class _Attestation(msgspec.Struct):
    envelope: _Envelope


class _Bundle(msgspec.Struct):
    publisher: _Publisher
    attestations: list[_Attestation]


class _Provenance(msgspec.Struct):
    version: int
    attestation_bundles: list[_Bundle]


class _Digest(msgspec.Struct):
    sha256: str = ""


class _Subject(msgspec.Struct):
    digest: _Digest


class _Statement(msgspec.Struct):
    subject: list[_Subject]


_read = msgspec.json.Decoder(_Provenance).decode
_read_statement = msgspec.json.Decoder(_Statement).decode


def publisher(content: bytes, sha256: str) -> str:
    """Return who published the file of this digest, several separated by ", "; "" where the object does not say."""
    try:
        bundles = _read(content).attestation_bundles[:_MOST]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    return ", ".join(dict.fromkeys(filter(None, (_name(b.publisher) for b in bundles if _speaks_of(b, sha256)))))


def _name(said: _Publisher) -> str:
    who = said.repository or said.email
    name = f"{said.kind}:{who}"
    plain = len(name) <= _LONGEST and name.isascii() and name.isprintable() and not set(name) & {" ", ","}
    return name if said.kind and who and plain else ""


def _speaks_of(bundle: _Bundle, sha256: str) -> bool:
    return any(sha256 in _digests(attestation) for attestation in bundle.attestations[:_MOST])


def _digests(attestation: _Attestation) -> set[str]:
    try:
        statement = _read_statement(b64decode(attestation.envelope.statement, validate=True))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, ValueError, RecursionError):
        return set()
    return {subject.digest.sha256.lower() for subject in statement.subject}
