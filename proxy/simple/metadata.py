"""Core metadata (PEP 566, PEP 639, PEP 643), as far as the gate reads it: whom it speaks of, under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.metadata import parse_email
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from proxy.simple.licences import spdx

_END_OF_NAME = re.compile(r"[\s<>=!~;@(\[]")
HEAD = 64 << 10
"""Bytes that are read: the fields stand at the top, before a description that may be long."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a ``METADATA`` or ``PKG-INFO`` file says of itself: texts as written, the licence as SPDX or ""."""

    name: str
    version: str
    licence: str

    def contradicts(self, project: NormalizedName, version: str) -> str:
        """Return in a sentence how this speaks of another project or version (canonical text), "" if it does not."""
        if canonicalize_name(self.name) != project:
            return f"Its metadata names the project {self.name[:80]!a}."
        try:
            same = str(Version(self.version)) == version
        except InvalidVersion:
            same = False
        return "" if same else f"Its metadata names the version {self.version[:80]!a}."


def read(content: bytes) -> Said:
    """Read core metadata; what is not there is ""."""
    raw, unparsed = parse_email(content[:HEAD].partition(b"\n\n")[0].partition(b"\r\n\r\n")[0] + b"\n")
    # What is said twice is in neither: nobody knows which one counts.
    expression = "twice" if "license-expression" in unparsed else raw.get("license_expression")
    licence = spdx(expression, raw.get("license", ""), raw.get("classifiers", []))
    return Said(raw.get("name", ""), raw.get("version", ""), licence)


def needs(content: bytes) -> list[str]:
    """Return the names of what a ``METADATA`` file requires (Requires-Dist, PEP 508), as they are written there."""
    raw, _ = parse_email(content)
    return [_END_OF_NAME.split(text.strip(), maxsplit=1)[0] for text in raw.get("requires_dist", ())]
