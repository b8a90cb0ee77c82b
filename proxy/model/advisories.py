"""What the world knows to be bad: OSV records, as far as the gate needs them (https://ossf.github.io/osv-schema/).

Records are structs and no dataclasses: an import makes tens of thousands, and a struct is made, compared and packed in
a tenth of the time. ``msgspec.structs.replace`` is their ``replace``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from packaging.utils import NormalizedName

Rating = Literal["none", "low", "medium", "high", "critical", "unknown"]


class Severity(msgspec.Struct, frozen=True, gc=False):
    """How bad: a CVSS base score (0.0 to 10.0) where the record has one, and its rating."""

    rating: Rating = "unknown"
    score: float | None = None


class AffectedRange(msgspec.Struct, frozen=True, gc=False):
    """One range of an OSV record: its type and its events, in the record's own order.

    An event is a pair of ("introduced" | "fixed" | "last_affected" | "limit") and a version.
    """

    type: str
    events: tuple[tuple[str, str], ...]


class Affected(msgspec.Struct, frozen=True, gc=False):
    """One ``affected`` entry of an OSV record: a project, listed versions, and ranges."""

    project: NormalizedName
    versions: tuple[str, ...]
    ranges: tuple[AffectedRange, ...]


class Advisory(msgspec.Struct, frozen=True, gc=False):
    """One OSV record, as far as the gate needs it (https://ossf.github.io/osv-schema/)."""

    id: str
    modified: datetime
    affected: tuple[Affected, ...]
    aliases: tuple[str, ...] = ()
    summary: str = ""
    published: datetime | None = None
    withdrawn: datetime | None = None
    malicious: bool = False
    severity: Severity = Severity()


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of the advisory data in force: where from, how much, how fresh.

    ``newest`` is the newest ``modified`` in the data, ``synced`` the last successful import.
    ``sha256`` is the digest of the accepted data. ``missing`` are ids in force that the source no longer
    has: they were reported once, and stay until a person drops them.
    """

    source: str
    records: int
    newest: datetime
    synced: datetime
    sha256: str
    missing: tuple[str, ...] = ()
    id: str = "feed"
