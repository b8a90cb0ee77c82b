"""The nouns: what every other room talks about, as frozen values without behaviour of their own.

Nothing here knows where it is kept or how it is sent. Names are normalised (PEP 503) before they
reach a noun, times are aware UTC datetimes, sizes are bytes, digests are lower-case hex SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Union

from packaging.utils import NormalizedName

# --- the index ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release, as an index page lists it and as an approval freezes it.

    ``version`` is the canonical text of the version in the file's own name (PEP 440). ``url`` is
    absolute and the upstream's. ``yanked`` is None, or the reason, which may be empty (PEP 592).
    ``metadata`` is the digest of the ``.metadata`` file, "" where the upstream has one without
    saying its digest, None where nothing is known of it (PEP 658, PEP 714).
    """

    filename: str
    version: str
    kind: Literal["wheel", "sdist"]
    url: str
    sha256: str | None
    size: int | None = None
    upload_time: datetime | None = None
    requires_python: str | None = None
    yanked: str | None = None
    metadata: str | None = None
    provenance: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of an index page that is never served: what it was called and what is wrong with it."""

    filename: str
    problem: str


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One project as an index lists it (PEP 691), every file readable and of this project.

    ``status`` is the PEP 792 marker ("active" where none was given).
    """

    project: NormalizedName
    files: tuple[ReleaseFile, ...]
    unreadable: tuple[Unreadable, ...] = ()
    status: str = "active"
    status_reason: str | None = None


# --- the policy -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes. It opens the files it froze, by digest; a standing one its range as well.

    ``specifier`` is a PEP 440 specifier set ("" means every version). ``acknowledged`` holds codes
    of findings that the approver met and overruled, a look-alike with the name it resembles
    (``look-alike:requests``). Pre-releases and sdists (they run code on install) are opened only
    where it says so. ``until`` ends it.
    """

    id: str
    project: NormalizedName
    specifier: str
    files: tuple[ReleaseFile, ...]
    by: str
    reason: str
    at: datetime
    standing: bool = False
    prereleases: bool = False
    sdists: bool = False
    acknowledged: tuple[str, ...] = ()
    until: datetime | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Prohibition:
    """Somebody's no, stronger than any yes: a project, or the versions of it in ``specifier``."""

    id: str
    project: NormalizedName
    specifier: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    """A named advisory set aside for one range of one project, always with an end."""

    id: str
    project: NormalizedName
    specifier: str
    advisory: str
    by: str
    reason: str
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, host and port that package files may come from. Not a matter of one project.

    ``settled``: with this one it is known where files come from, and nothing more is learnt.
    """

    id: str
    url: str
    by: str
    at: datetime
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """A developer's wish for a project or a range of it, waiting in the inbox."""

    id: str
    project: NormalizedName
    specifier: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """The security team's standing rules, changed like any approval; one set of them is in force.

    ``internal`` holds glob patterns of normalised names that the public index is never asked for.
    ``refuse_severity`` is the lowest rating that withholds a version; ``refuse_unknown_severity``
    says what an advisory without a rating does.
    """

    minimum_age: timedelta = timedelta(days=7)
    internal: tuple[str, ...] = ()
    refuse_severity: Literal["low", "medium", "high", "critical"] = "low"
    refuse_unknown_severity: bool = True
    warn_stale_after: timedelta = timedelta(hours=24)
    alarm_stale_after: timedelta = timedelta(hours=72)
    stale_advisories: Literal["say", "refuse"] = "say"
    id: str = "terms"


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's or a person's key, known by the digest of its secret alone.

    One with a ``parent`` is a browser's session: it lives no longer than the token it was opened with.
    """

    id: str
    name: str
    sha256: str
    role: str
    at: datetime
    until: datetime | None = None
    parent: str = ""


@dataclass(frozen=True, slots=True)
class NamesList:
    """Which list of popular projects is in force: its digest names the file that holds it."""

    source: str
    count: int
    sha256: str
    by: str
    at: datetime
    id: str = "names"


Entry = Union["Approval", "Prohibition", "Waiver", "Origin", "Ask", "Token", "Terms", "FeedState", "NamesList"]
"""What the store keeps row by row; putting an entry whose id is there already replaces it."""


# --- advisories -----------------------------------------------------------------------------------

Rating = Literal["none", "low", "medium", "high", "critical", "unknown"]


@dataclass(frozen=True, slots=True)
class Severity:
    """How bad: a CVSS base score (0.0 to 10.0) where the record has one, and its rating."""

    rating: Rating = "unknown"
    score: float | None = None


@dataclass(frozen=True, slots=True)
class AffectedRange:
    """One range of an OSV record: its type and its events, in the record's own order.

    An event is a pair of ("introduced" | "fixed" | "last_affected" | "limit") and a version.
    """

    type: str
    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One ``affected`` entry of an OSV record: a project, listed versions, and ranges."""

    project: NormalizedName
    versions: tuple[str, ...]
    ranges: tuple[AffectedRange, ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """One OSV record, as far as the gate needs it (https://ossf.github.io/osv-schema/)."""

    id: str
    modified: datetime
    affected: tuple[Affected, ...]
    aliases: tuple[str, ...] = ()
    summary: str = ""
    published: datetime | None = None
    withdrawn: datetime | None = None
    malicious: bool = False
    severity: Severity = field(default_factory=Severity)


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


# --- the answer -----------------------------------------------------------------------------------


class Effect(StrEnum):
    """What a finding does to the answer."""

    PERMIT = "permit"
    FORBID = "forbid"
    ADVISE = "advise"


class Code(StrEnum):
    """Why, in one word. The one vocabulary of API, audit, metrics and ``--acknowledge``."""

    APPROVED = "approved"
    NOT_APPROVED = "not-approved"
    LATE_FILE = "late-file"
    PRERELEASE = "pre-release"
    SDIST = "sdist"
    ENDED = "approval-ended"
    PROHIBITED = "prohibited"
    LOOK_ALIKE = "look-alike"
    INTERNAL = "internal-name"
    MALFORMED = "malformed-name"
    UNKNOWN_NAME = "unknown-name"
    UNKNOWN_FILE = "unknown-file"
    MALWARE = "malware"
    VULNERABLE = "vulnerable"
    WAIVED = "waived"
    TOO_NEW = "too-new"
    FOREIGN_ORIGIN = "foreign-origin"
    NO_DIGEST = "no-sha256"
    CHANGED = "changed-upstream"
    YANKED = "yanked"
    QUARANTINED = "quarantined"
    ADVISORIES_UNKNOWN = "advisories-unknown"
    ADVISORIES_STALE = "advisories-stale"
    ADVISORIES_FRESH = "advisories-fresh"
    RULE_FAILED = "rule-failed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: a project, one version of it, or one file of that version.

    ``status`` is the project's PEP 792 marker, where a page gave one.
    """

    project: NormalizedName
    version: str | None = None
    file: ReleaseFile | None = None
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing one rule has to say: an effect, a code, a sentence and, for people, a next step.

    ``until`` is the moment at which the passing of time alone may end this finding.
    ``evidence`` is flat text by name: advisory ids, the target of a look-alike, dates.
    """

    code: Code
    effect: Effect
    sentence: str
    next_step: str = ""
    until: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every finding about one subject under one revision. Allowed is derived, never stored."""

    subject: Subject
    revision: int
    findings: tuple[Finding, ...]

    @property
    def allowed(self) -> bool:
        """At least one permit and not one forbid; nothing said means no."""
        effects = {finding.effect for finding in self.findings}
        return Effect.PERMIT in effects and Effect.FORBID not in effects

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """The findings that forbid, in the order of the rules."""
        return tuple(finding for finding in self.findings if finding.effect is Effect.FORBID)

    @property
    def until(self) -> datetime | None:
        """The next moment at which time alone may change this verdict."""
        return min((finding.until for finding in self.findings if finding.until), default=None)


# --- the record -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: ``kind`` is person, token, feed or system. ``name`` is shown, ``id`` compared."""

    kind: str
    id: str
    name: str
    role: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One act of somebody on the policy: what is put, what is ended, and how it reads in the audit.

    ``tag`` follows one grammar, ``subject:noun:verb`` (``project:approval:granted``). ``ends``
    names entries by id. ``policy`` is False for acts that nobody else needs to hear of at once
    (requests, alerts): they raise no revision.
    """

    tag: str
    project: str
    reason: str
    puts: tuple[Entry, ...] = ()
    ends: tuple[str, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)
    policy: bool = True


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A change as the audit log holds it. ``hash`` covers every other field and ``previous``."""

    seq: int
    at: datetime
    tag: str
    actor: Actor
    project: str
    reason: str
    revision: int
    detail: Mapping[str, object]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One answer given to one client: a file handed out, revalidated or refused, or a page.

    ``what`` is "file", "metadata" or "page". ``count`` is above 1 only for folded pages.
    """

    at: datetime
    what: Literal["file", "metadata", "page"]
    client: str
    token: str
    agent: str
    project: str
    version: str
    filename: str
    sha256: str
    status: int
    verdict: str
    codes: tuple[str, ...]
    revision: int
    request_id: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Who got a release: one client (by address, token and installer), how often, first and last."""

    project: str
    version: str
    client: str
    token: str
    agent: str
    count: int
    first: datetime
    last: datetime
