"""Browsers that signed in to an account before: they try at a count of their own, whatever strangers do meanwhile.

A device cookie proves no identity and opens nothing; it only says that the same browser was right once (OWASP,
"slow down online guessing attacks with device cookies").
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from proxy.model import Account
from proxy.sealing import Seal

REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Devices:
    """Makes and reads device cookies."""

    seal: Seal

    def new(self, account: Account, at: datetime) -> str:
        """Return what a browser keeps after somebody signed in."""
        return self.seal.close(json.dumps([account.id, secrets.token_hex(8)]), at)

    def known(self, cookie: str, account: Account | None, at: datetime) -> str:
        """Return the name of a browser that signed in to this account before, "" for a stranger."""
        text = self.seal.open(cookie, at, REMEMBERED) if cookie and account else None
        if text is None or account is None:
            return ""
        holder, name = json.loads(text)
        return str(name) if holder == account.id else ""
