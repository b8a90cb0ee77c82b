"""A constraints file for pip (``-c``) and uv (``--constraints``): the newest version of each project that is served."""

from __future__ import annotations

from proxy.locks.writers.approved import ApprovedSet


def write(approved: ApprovedSet) -> str:
    """Return the file: one pin a line, and as comments the approved projects of which nothing is served."""
    lines = [f"# The newest version of each project that {approved.title} serves."]
    lines += [f"{release.project}=={release.version}" for release in approved.newest()]
    lines += [f"# {held.project}: nothing is served. {held.reason}" for held in approved.withheld]
    return "\n".join(lines) + "\n"
