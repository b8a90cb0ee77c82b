"""Passkeys (WebAuthn level 3), as a second factor or alone.

Decided here:

* Alone, a passkey must have verified its owner (PIN, finger, face): that is two factors in one.
* A challenge is sealed for who asked and what for, lives five minutes, and is spent when it is answered.
* The relying party is the host of the admin's own address; on loopback it is ``localhost``, since an IP address
  cannot be one.
* The library is an extra: whoever imports this file has looked whether it is there.
* Attestation is not asked for: which make of key somebody has is none of our business.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import structs
from webauthn.helpers.exceptions import WebAuthnException

from admin.people.proof import NotProved
from proxy.model import Account, Passkey
from proxy.sealing import Seal
from proxy.store import AccessRecords

ANSWER_WITHIN = timedelta(minutes=5)
LABEL_AT_MOST = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page hands to the browser's own dialogue (JSON), and the sealed challenge to be kept in a cookie."""

    options: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Registers and verifies passkeys for one relying party."""

    seal: Seal
    access: AccessRecords
    party: str
    origin: str

    @classmethod
    def at(cls, url: str, seal: Seal, access: AccessRecords) -> Passkeys:
        """Return the passkeys of an admin that people reach at ``url``."""
        parts = urlsplit(url)
        host = parts.hostname or "localhost"
        party = "localhost" if host in {"127.0.0.1", "::1"} else host
        port = f":{parts.port}" if parts.port else ""
        return cls(seal, access, party, f"{parts.scheme}://{party}{port}")

    def to_enrol(self, account: Account, at: datetime) -> Asked:
        """Ask a browser to make a passkey for an account."""
        challenge = secrets.token_bytes(32)
        options = webauthn.generate_registration_options(
            rp_id=self.party,
            rp_name="Wicketgate",
            user_name=account.name,
            user_id=account.id.encode(),
            challenge=challenge,
            exclude_credentials=_descriptors(account),
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.PREFERRED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
        )
        return Asked(webauthn.options_to_json(options), self._sealed("enrol", account.id, challenge, at))

    def enrolled(self, account: Account, answer: str, sealed: str, label: str, at: datetime) -> Passkey:
        """Return the passkey that a browser made. Raises NotProved."""
        challenge = self._spent("enrol", account.id, sealed, at)
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.party,
                expected_origin=self.origin,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise NotProved(f"That passkey was not taken: {str(error)[:200]}. Try again.") from error
        encode = webauthn.helpers.bytes_to_base64url
        self.access.advance(f"passkey:{encode(made.credential_id)}", made.sign_count)
        name = "".join(c for c in label if c.isprintable()).strip()[:LABEL_AT_MOST] or f"passkey of {at:%Y-%m-%d}"
        return Passkey(encode(made.credential_id), encode(made.credential_public_key), name, at)

    def to_prove(self, account: Account | None, at: datetime) -> Asked:
        """Ask a browser for a passkey: one of an account, or anybody's who is verified by it."""
        challenge = secrets.token_bytes(32)
        need = structs.UserVerificationRequirement
        options = webauthn.generate_authentication_options(
            rp_id=self.party,
            challenge=challenge,
            allow_credentials=_descriptors(account) if account else [],
            user_verification=need.PREFERRED if account else need.REQUIRED,
        )
        holder = account.id if account else ""
        return Asked(webauthn.options_to_json(options), self._sealed("prove", holder, challenge, at))

    def credential(self, answer: str) -> str:
        """Return the id of the passkey that an answer claims to be of, "" where it names none."""
        try:
            return str(json.loads(answer)["id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""

    def proved(self, holder: Account | None, answer: str, sealed: str, at: datetime, *, alone: bool) -> None:
        """Verify an answer with one of an account's passkeys (None has none). Raises NotProved."""
        challenge = self._spent("prove", "" if alone or holder is None else holder.id, sealed, at)
        passkeys = holder.passkeys if holder else ()
        passkey = next((key for key in passkeys if key.id == self.credential(answer)), None)
        if passkey is None:
            raise NotProved(NOT_KNOWN)
        try:
            found = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.party,
                expected_origin=self.origin,
                credential_public_key=webauthn.base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=0,
                require_user_verification=alone,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise NotProved(NOT_KNOWN) from error
        if found.new_sign_count and not self.access.advance(f"passkey:{passkey.id}", found.new_sign_count):
            raise NotProved("This passkey was used elsewhere with a later count: it may have been copied. Remove it.")

    def _sealed(self, purpose: str, holder: str, challenge: bytes, at: datetime) -> str:
        return self.seal.close(json.dumps([purpose, holder, challenge.hex()]), at)

    def _spent(self, purpose: str, holder: str, sealed: str, at: datetime) -> bytes:
        """Return the challenge that a cookie holds, which is spent then. Raises NotProved."""
        text = self.seal.open(sealed, at, ANSWER_WITHIN)
        for_what, for_whom, challenge = json.loads(text) if text else ("", "", "")
        if (for_what, for_whom) != (purpose, holder):
            raise NotProved("That took too long, or belongs to another page. Try again.")
        if not self.access.spend(f"challenge:{challenge}", at + ANSWER_WITHIN, at):
            raise NotProved("That was used already. Try again.")
        return bytes.fromhex(challenge)


NOT_KNOWN = "That passkey is not known here. Try another, or sign in with your name."


def _descriptors(account: Account) -> list[structs.PublicKeyCredentialDescriptor]:
    return [
        structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(passkey.id))
        for passkey in account.passkeys
    ]
