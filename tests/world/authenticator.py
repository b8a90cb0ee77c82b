"""A passkey in software: what a browser would send for one (WebAuthn), honest or not."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Authenticator:
    """One key pair for one relying party."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin, self.party = origin, origin.partition("://")[2].partition(":")[0]
        self.id, self.key = secrets.token_bytes(16), ec.generate_private_key(ec.SECP256R1())
        self.verifies, self.count = verifies, 0

    def makes(self, options: str, **lies: Any) -> str:
        """The answer to a registration."""
        asked = json.loads(options)
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose()
        data = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED, **lies) + attested}
        response = {"clientDataJSON": self._client("webauthn.create", asked, **lies)}
        return self._answer({**response, "attestationObject": text(cbor2.dumps(data))})

    def proves(self, options: str, **lies: Any) -> str:
        """The answer to a sign-in."""
        asked = json.loads(options)
        self.count += 1
        data, client = self._data(0, **lies), self._client("webauthn.get", asked, **lies)
        raw = base64.urlsafe_b64decode(client + "=" * (-len(client) % 4))
        signature = self.key.sign(data + hashlib.sha256(raw).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": text(data), "signature": text(signature)})

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})

    def _client(self, kind: str, asked: dict[str, Any], origin: str = "", challenge: str = "", **_: Any) -> str:
        said = {"type": kind, "challenge": challenge or asked["challenge"], "origin": origin or self.origin}
        return text(json.dumps(said).encode())

    def _data(self, flags: int, party: str = "", count: int | None = None, **_: Any) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        number = self.count if count is None else count
        return hashlib.sha256((party or self.party).encode()).digest() + bytes([flags]) + number.to_bytes(4, "big")

    def _cose(self) -> bytes:
        public = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (public.x, public.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
