"""Reports of malware that two people dispute: never silent. How that comes about is in :mod:`second_person`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Waiver
from proxy.policy.snapshot import PolicySnapshot


def disputes(snapshot: PolicySnapshot, at: datetime) -> Iterator[Waiver]:
    """Yield those that are in force, in whatever channel."""
    for waivers in snapshot.waivers.values():
        yield from (waiver for waiver in waivers if waiver.second and at < waiver.until)


def sentence(dispute: Waiver) -> str:
    """Say what is disputed, by whom and until when."""
    what, two = f"{dispute.project}{dispute.specifier}", f"{dispute.by} and {dispute.second}"
    until = f"until {dispute.until:%Y-%m-%d}"
    return f"{dispute.advisory} REPORTS MALWARE in {what}; {two} dispute it {until}: {dispute.reason}"
