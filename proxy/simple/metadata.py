"""Core metadata (PEP 566, PEP 643), as far as the gate reads it: whom it speaks of, and what it needs."""

from __future__ import annotations

import re

from packaging.metadata import parse_email
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

HEAD = 4 << 10
"""Name and version stand at the top; the rest of a long file is not read for them."""
_END_OF_NAME = re.compile(r"[\s<>=!~;@(\[]")


def speaks_of(content: bytes, project: NormalizedName, version: str) -> bool:
    """Whether a ``METADATA`` file names this project and this version (canonical text)."""
    raw, _ = parse_email(content[:HEAD])
    try:
        named = Version(raw.get("version", ""))
    except InvalidVersion:
        return False
    return canonicalize_name(raw.get("name", "")) == project and str(named) == version


def needs(content: bytes) -> list[str]:
    """Return the names of what a ``METADATA`` file requires (Requires-Dist, PEP 508), as they are written there."""
    raw, _ = parse_email(content)
    return [_END_OF_NAME.split(text.strip(), maxsplit=1)[0] for text in raw.get("requires_dist", ())]
