"""What the operator said of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from proxy.audit.destinations import Destination


@dataclass(frozen=True, slots=True)
class Keeping:
    """The file of the key, where the record is sent, and how long decisions stay in the database (None: for ever)."""

    key: Path
    destinations: tuple[Destination, ...]
    keep: timedelta | None
