"""Passes: the short-lived tokens of CI jobs. They are sealed, not kept: a build leaves nothing behind.

Decided here:

* A pass names its rule and dies with it, or after its minutes, whichever comes first.
* It looks like any token (prefix and checksum), so that secret scanners find one that leaked.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from admin import auth
from proxy.live import Live
from proxy.model import CiRule, Token
from proxy.sealing import Seal

START = f"{auth.PREFIX}_ci"
KEPT = 4096
NAME_AT_MOST = 120

Content = tuple[str, str, str, float, float]
"""Id, rule, name, since when and until when (seconds since 1970)."""


class Passes:
    """Makes passes and reads them."""

    def __init__(self, seal: Seal, live: Live) -> None:
        self._seal, self._live = seal, live
        self._opened: Callable[[str], Content | None] = lru_cache(maxsize=KEPT)(self._open)

    def make(self, rule: CiRule, subject: str, at: datetime) -> str:
        """Return a pass for a job of a rule."""
        identity = secrets.token_hex(4)
        until = at + timedelta(minutes=rule.minutes)
        name = "".join(letter if letter.isprintable() else " " for letter in f"{rule.name}: {subject}")[:NAME_AT_MOST]
        content = [f"pass:{identity}", rule.id, name, at.timestamp(), until.timestamp()]
        return auth.sealed(f"{START}{identity}_{self._seal.close(json.dumps(content), at)}")

    def read(self, secret: str, at: datetime) -> Token | None:
        """Return the token that a pass stands for; None where it is none, has ended, or its rule has."""
        content = self._opened(secret) if secret.startswith(START) else None
        if content is None:
            return None
        identity, rule_id, name, since, until = content
        rule = self._live.credentials.rules.get(rule_id)
        if rule is None or at.timestamp() >= until:
            return None
        begins, ends = (datetime.fromtimestamp(when, UTC) for when in (since, until))
        return Token(identity, name, "", rule.role, begins, ends, owner=rule.id, channel=rule.channel)

    def _open(self, secret: str) -> Content | None:
        if not auth.well_formed(secret):
            return None
        shown, sealed = secret[len(START) : len(START) + 8], secret[len(START) + 9 : -8]
        text = self._seal.open(sealed, datetime.min.replace(tzinfo=UTC))
        content: Content | None = tuple(json.loads(text)) if text else None
        return content if content and content[0] == f"pass:{shown}" else None
