"""The one spelling of what a person writes into the policy: names, patterns, licences, publishers.

Each takes a text and returns it as it is kept, or raises ValueError with what to write instead.
"""

from __future__ import annotations

import re

from packaging.utils import NormalizedName

from proxy.simple import licences, names


def project(text: str) -> NormalizedName:
    """Return a project's normal name (PEP 503)."""
    name = names.normal(text.strip())
    if name is None:
        raise ValueError(f"{text[:80]!r} is not the name of a project")
    return name


def pattern(text: str) -> str:
    """Return a glob pattern of names spelt as names are (PEP 503), so that it meets them."""
    return re.sub(r"[-_.]+", "-", text.strip().lower())


def licence(text: str) -> str:
    """Return a licence identifier (SPDX), with its exception if it has one, in canonical spelling."""
    found = licences.normal(text.strip())
    if not found or set(found.split()) & {"AND", "OR"} or "(" in found:
        raise ValueError(f"{text[:80]!r} is no SPDX licence identifier. Say for example MIT or Apache-2.0")
    return found


def publisher(text: str) -> str:
    """Return who publishes, as an index spells it: kind and place, ``GitHub:owner/repository``."""
    kind, colon, who = text.strip().partition(":")
    if not (kind and colon and who) or {",", " "} & set(text.strip()):
        raise ValueError(f"{text[:80]!r} is no publisher. Say for example GitHub:owner/repository")
    return text.strip()
