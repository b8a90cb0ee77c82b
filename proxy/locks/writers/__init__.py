"""The approved set, written for others: constraints, ``pylock.toml`` and CycloneDX.

Decided here:

* What is written is what the gate serves now: approved, and withheld by no other rule.
* The same policy gives the same bytes: no clock, no chance; the revision is in it.
* A format that can name one version of a project names the newest, and a pre-release only where there is no other.
"""

from __future__ import annotations

from typing import Literal

ExportFormat = Literal["constraints", "pylock", "cyclonedx"]
