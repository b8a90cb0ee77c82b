"""What was proved, and what it is called when nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from proxy.errors import GateError


class NotProved(GateError):
    """What a browser brought proves nothing; the message says as much as a stranger may hear, and what to do."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for; ``proved`` is when it last made sure."""

    issuer: str
    subject: str
    name: str
    role: str
    proved: datetime
