"""One-time codes: by an authenticator application (TOTP, RFC 6238), and from the sheet of recovery codes.

Decided here:

* A code is good for its own 30 seconds and those before and after, and once: its step is kept and only rises.
* Ten recovery codes of 80 random bits; digests are kept, and a code that was used leaves the account.
* A seed leaves this room sealed, and nothing but this room opens it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from proxy.model import Account
from proxy.sealing import Seal
from proxy.store import AccessRecords

SEED_BYTES = 20
STEP = 30
"""Seconds for which a code is shown."""
DRIFT = (0, -1, 1)
RECOVERY_CODES = 10
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """Recovery codes, to be shown once, and what is kept of them."""

    codes: tuple[str, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Codes:
    """Makes seeds and sheets, and verifies what people type."""

    seal: Seal
    access: AccessRecords

    def new_seed(self, at: datetime) -> str:
        """Return a fresh seed, sealed."""
        return self.seal.close(base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode(), at)

    def seed(self, sealed: str, at: datetime) -> str:
        """Return a seed to be shown while it is enrolled; "" where there is none, or none that was sealed here."""
        return (self.seal.open(sealed, at) or "") if sealed else ""

    def link(self, sealed: str, name: str, at: datetime) -> str:
        """Return the ``otpauth:`` link by which an application takes the seed over."""
        label = quote(f"Wicketgate:{name}")
        return f"otpauth://totp/{label}?secret={self.seed(sealed, at)}&issuer=Wicketgate&period={STEP}"

    def fits(self, sealed: str, holder: str, code: str, at: datetime) -> bool:
        """Whether a code is one of the seed's now, and was not used by the holder before. It is used then."""
        from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415  needed where somebody brings a code
        from cryptography.hazmat.primitives.twofactor.hotp import HOTP  # noqa: PLC0415

        seed = self.seed(sealed, at)
        typed = "".join(code.split())
        if not seed or len(typed) != 6 or not typed.isascii() or not typed.isdigit():
            return False
        hotp, now = HOTP(base64.b32decode(seed), 6, SHA1()), int(at.timestamp()) // STEP  # noqa: S303  RFC 6238's own
        steps = [now + drift for drift in DRIFT if hmac.compare_digest(hotp.generate(now + drift), typed.encode())]
        return any(self.access.advance(f"totp:{holder}", step) for step in steps)

    def new_sheet(self, holder: str) -> Sheet:
        """Return ten fresh recovery codes."""
        raw = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
        codes = tuple("-".join(code[n : n + _GROUP] for n in range(0, len(code), _GROUP)) for code in raw)
        return Sheet(codes, tuple(recovery_digest(holder, code) for code in codes))


def recovery_digest(holder: str, code: str) -> str:
    """Return what is kept of a recovery code, however it was typed."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{holder}\n{plain}".encode()).hexdigest()


def is_recovery(account: Account, code: str) -> str:
    """Return the digest of a recovery code that is left in an account, "" for any other text."""
    digest = recovery_digest(account.id, code)
    return digest if digest in account.recovery else ""
