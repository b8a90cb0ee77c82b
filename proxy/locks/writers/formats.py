"""The table of formats. It loads the libraries for them, so whoever needs the names alone takes ``ExportFormat``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxy.extras import demand_installed
from proxy.locks.writers import ExportFormat, constraints, pylock
from proxy.locks.writers.approved import ApprovedSet


@dataclass(frozen=True, slots=True)
class Written:
    """How a format is written, and what its files are called and are."""

    write: Callable[[ApprovedSet], str]
    filename: str
    media_type: str


def _cyclonedx(approved: ApprovedSet) -> str:
    demand_installed("cyclonedx")
    from proxy.locks.writers import cyclonedx  # noqa: PLC0415  an extra

    return cyclonedx.write(approved)


FORMATS: Mapping[ExportFormat, Written] = {
    "constraints": Written(constraints.write, "constraints.txt", "text/plain; charset=utf-8"),
    "pylock": Written(pylock.write, "pylock.toml", "application/toml"),
    "cyclonedx": Written(_cyclonedx, "approved.cdx.json", "application/vnd.cyclonedx+json; version=1.6"),
}
