"""Sealed text: what the gate alone can read and nobody else can make, with a key that is not in the database.

Decided here:

* One key for each purpose, derived (HKDF-SHA256) from the one in the key file: what was sealed for one
  purpose never opens for another.
* Fernet, which says when it was sealed, so that what is meant for minutes cannot be brought later.
* The cipher's library is loaded by the first that is sealed or opened: a gate that needs none starts without it.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from proxy.keys import SIZE

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Seal:
    """Seals and opens text for one purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key, self._info = key, f"wicketgate:1:{purpose}".encode()

    def close(self, text: str, at: datetime) -> str:
        """Return the text sealed, in the alphabet of base64url."""
        return self._fernet.encrypt_at_time(text.encode(), int(at.timestamp())).decode()

    def open(self, sealed: str, at: datetime, within: timedelta | None = None) -> str | None:
        """Return the text, or None for what was not sealed here, or longer ago than ``within``."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            if within is None:
                return self._fernet.decrypt(sealed.encode()).decode()
            seconds = int(within.total_seconds())
            return self._fernet.decrypt_at_time(sealed.encode(), seconds, int(at.timestamp())).decode()
        except InvalidToken:
            return None

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

        derived = HKDF(SHA256(), SIZE, None, self._info).derive(self._key)
        return Fernet(base64.urlsafe_b64encode(derived))
