"""JSON: everything that a check found, for scripts."""

from __future__ import annotations

import msgspec

from proxy.reports.checked import Checked


def write(checked: Checked) -> bytes:
    """Return the facts as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(checked), indent=2) + b"\n"
