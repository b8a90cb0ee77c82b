"""Sealed text: what the gate alone can read and nobody else can make, with a key that is not in the database.

Decided here:

* One key for each purpose, derived (HKDF-SHA256) from the one in the key file: what was sealed for one
  purpose never opens for another.
* Fernet, which says when it was sealed, so that what is meant for minutes cannot be brought later.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proxy.keys import SIZE


class Seal:
    """Seals and opens text for one purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        derived = HKDF(SHA256(), SIZE, None, f"wicketgate:1:{purpose}".encode()).derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def close(self, text: str, at: datetime) -> str:
        """Return the text sealed, in the alphabet of base64url."""
        return self._fernet.encrypt_at_time(text.encode(), int(at.timestamp())).decode()

    def open(self, sealed: str, at: datetime, within: timedelta | None = None) -> str | None:
        """Return the text, or None for what was not sealed here, or longer ago than ``within``."""
        try:
            if within is None:
                return self._fernet.decrypt(sealed.encode()).decode()
            seconds = int(within.total_seconds())
            return self._fernet.decrypt_at_time(sealed.encode(), seconds, int(at.timestamp())).decode()
        except InvalidToken:
            return None
