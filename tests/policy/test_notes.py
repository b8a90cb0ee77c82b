"""Signed checkpoints and proofs: what is read, what is believed, and what is refused."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.policy import ledger, notes, proofs
from proxy.policy.merkle import BrokenProof, edge_of, inclusion
from proxy.policy.notes import BadNote, Checkpoint, Signer, Trust

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer("ab12", KEY)
ROOT = hashlib.sha256(b"root").digest()
NOTE = SIGNER.sign("events", 7, ROOT)


def test_a_checkpoint_is_spelt_as_others_read_it() -> None:
    lines = NOTE.split("\n")
    assert lines[:3] == ["wicketgate/ab12/events", "7", base64.b64encode(ROOT).decode()]
    assert (lines[3], lines[4].split(" ")[:2]) == ("", ["—", "wicketgate/ab12/events"])
    assert SIGNER.trust.read(NOTE) == Checkpoint("wicketgate/ab12/events", 7, ROOT)
    assert SIGNER.trust.read(NOTE).chain == "events"


def test_a_key_of_others_is_read_as_they_spell_it() -> None:
    """The example of golang.org/x/mod/sumdb/note: its key id is what we compute."""
    assert Trust.of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").keys
    with pytest.raises(BadNote, match="does not have the id"):
        Trust.of("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (NOTE.replace("\n7\n", "\n8\n"), "is false"),
        (NOTE.replace("\n7\n", "\n07\n"), "no number"),
        (NOTE.replace("=\n\n", "=\nmore\n\n"), "is false"),
        (NOTE.replace("/events ", "/decisions "), "No key that is trusted"),
        (Signer("ab12", Ed25519PrivateKey.generate()).sign("events", 7, ROOT), "No key that is trusted"),
        (NOTE.partition("\n\n")[0] + "\n", "no signed checkpoint"),
        (NOTE.replace(base64.b64encode(ROOT).decode(), "AAAA"), "instead of 32"),
        ("", "no signed checkpoint"),
        ("x" * 100_000, "no signed checkpoint"),
    ],
)
def test_what_is_not_signed_as_it_stands_is_refused(broken: str, said: str) -> None:
    with pytest.raises(BadNote, match=said):
        SIGNER.trust.read(broken)


@pytest.mark.parametrize("text", ["", "\n", "name", "name+00000000", "name+00000000+AAAA", "na me+0+AA=="])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Trust.of(text)


def test_a_signature_by_somebody_unknown_besides_ours_is_ignored() -> None:
    witness = "— witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2\n"
    assert SIGNER.trust.read(NOTE + witness).size == 7


def test_a_file_holds_several() -> None:
    other = SIGNER.sign("decisions", 9, ROOT)
    assert notes.split(notes.joined([NOTE, other])) == [NOTE, other]
    assert notes.split(NOTE.replace("\n", "\r\n")) == [NOTE]
    with pytest.raises(BadNote):
        notes.split(NOTE + "\nand more\n")


RECORDS: list[dict[str, object]] = [{"seq": number, "reason": f"because {number}"} for number in range(1, 12)]


def prove(seq: int) -> proofs.Proof:
    sealed, hashes, previous = b"", [], ledger.GENESIS
    for record in RECORDS:
        here = ledger.sealed_bytes(record, previous)
        previous = hashlib.sha256(here).hexdigest()
        hashes.append(proofs.entry(previous))
        sealed = here if record["seq"] == seq else sealed
    path = inclusion(seq - 1, len(hashes), lambda first, end: edge_of(hashes[first:end]).root())
    return proofs.Proof(sealed, seq - 1, tuple(path), SIGNER.sign("events", len(hashes), edge_of(hashes).root()))


@pytest.mark.parametrize("seq", [1, 4, 11])
def test_a_record_is_proved_from_the_file_alone(seq: int) -> None:
    proof = proofs.read(prove(seq).text)
    record, checkpoint = proofs.check(proof, SIGNER.trust, SIGNER.trust.read(proof.note))
    assert (record, checkpoint.size) == (RECORDS[seq - 1], len(RECORDS))


def test_nothing_else_is_proved() -> None:
    proof = prove(4)
    other = prove(5)
    for forged in (
        replace(proof, sealed=proof.sealed.replace(b"because 4", b"because 5")),
        replace(proof, sealed=other.sealed),
        replace(proof, index=4),
        replace(proof, path=proof.path[:-1]),
        replace(proof, path=other.path),
    ):
        with pytest.raises(BrokenProof):
            proofs.check(forged, SIGNER.trust)
    with pytest.raises(BadNote, match="not to the one that was kept"):
        proofs.check(proof, SIGNER.trust, Checkpoint("wicketgate/ab12/events", 11, ROOT))


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\n"])
def test_a_file_that_is_no_proof_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BrokenProof):
        proofs.read(text)
