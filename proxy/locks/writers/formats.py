"""The table of formats. It loads the libraries for them, so whoever needs the names alone takes ``ExportFormat``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.locks.writers import ExportFormat, constraints, cyclonedx, pylock
from proxy.locks.writers.approved import ApprovedSet


@dataclass(frozen=True, slots=True)
class Written:
    """How a format is written, and what its files are called and are."""

    write: Callable[[ApprovedSet], str]
    filename: str
    media_type: str


FORMATS: Mapping[ExportFormat, Written] = {
    "constraints": Written(constraints.write, "constraints.txt", "text/plain; charset=utf-8"),
    "pylock": Written(pylock.write, "pylock.toml", "application/toml"),
    "cyclonedx": Written(cyclonedx.write, "approved.cdx.json", "application/vnd.cyclonedx+json; version=1.6"),
}
