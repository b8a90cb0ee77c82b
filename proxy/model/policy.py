"""What the security team says: yes, no, not now, and the standing rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from packaging.utils import NormalizedName

from proxy.model.index import ReleaseFile


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes. It opens the files it froze, by digest; a standing one its range as well.

    ``specifier`` is a PEP 440 specifier set ("" means every version). ``acknowledged`` holds codes
    of findings that the approver met and overruled, a look-alike with the name it resembles
    (``look-alike:requests``; it lasts as an :class:`Acknowledgement`). Pre-releases, yanked files, sdists
    (they run code on install) and legacy formats are opened only where it says so; an ``exact`` one names its
    files by digest, opens them whatever they are, and speaks of no other file. ``until`` ends it. ``channel`` is
    where it counts: there, and in every channel that inherits from it ("" is the base of all).

    An ``emergency`` is one person's exception from most rules, always with an end; ``reviewed`` says what
    somebody else found when looking at it afterwards. ``by`` is a name for people, ``by_id`` an account or a token.
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
    yanked: bool = False
    legacy: bool = False
    channel: str = ""
    emergency: bool = False
    reviewed: str = ""
    by_id: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A name that looks like ``target`` and is meant all the same.

    It outlives the approval that it was made with, counts in every channel, and ends only when somebody withdraws it.
    """

    id: str
    project: NormalizedName
    target: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Prohibition:
    """Somebody's no, stronger than any yes: a project, or the versions of it in ``specifier``."""

    id: str
    project: NormalizedName
    specifier: str
    by: str
    reason: str
    at: datetime
    channel: str = ""


Justification = Literal[
    "",
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
]
"""Why a vulnerability does not matter, in OpenVEX's words; "" where it may matter and the risk is accepted."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A named advisory set aside for one range of one project, always with an end.

    ``by`` granted it, ``owner`` answers for it until it ends. ``second`` is the other person who disputes a report of
    malware with it: without one it never counts for malware.
    """

    id: str
    project: NormalizedName
    specifier: str
    advisory: str
    by: str
    reason: str
    at: datetime
    until: datetime
    channel: str = ""
    owner: str = ""
    justification: Justification = ""
    second: str = ""


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
class Quarantine:
    """What the index says of a project that it suspects (PEP 792), since ``at``.

    It stands until a page of the index that came later, with files, says otherwise: an index that says nothing any
    more (the project is gone, the index is away) has not taken it back.
    """

    id: str
    project: NormalizedName
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """A developer's wish for a project or a range of it, waiting in the inbox."""

    id: str
    project: NormalizedName
    specifier: str
    by: str
    why: str
    at: datetime
    channel: str = ""


@dataclass(frozen=True, slots=True)
class LateFile:
    """A file that appeared after its version was approved, waiting for a look; ``differs`` says how it is new.

    ``declined`` is why somebody did not want it; such a one is kept, so that it does not come up again.
    """

    id: str
    project: NormalizedName
    file: ReleaseFile
    differs: str
    at: datetime
    channel: str = ""
    declined: str = ""


Mode = Literal["enforce", "observe"]
SeverityFloor = Literal["low", "medium", "high", "critical"]
StaleAdvisories = Literal["say", "acknowledge", "refuse"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The security team's standing rules, changed like any approval; one set of them is in force.

    * ``mode``: in observe mode only what is dangerous whatever anybody decided is withheld, the rest is recorded.
    * ``minimum_age`` of a file, with exceptions by project in ``ages``; ``fixes`` says whether a young release that
      fixes an advisory on something approved waits too, or passes. Nothing uploaded after ``freeze`` is served.
    * ``internal``: glob patterns of normalised names that the public index is never asked for.
    * ``refuse_severity``: the lowest rating that withholds a version; ``refuse_unknown_severity``: what an
      advisory without a rating does.
    * ``licences``: SPDX identifiers that are accepted (none listed: all are); ``refuse_unknown_licence``: what a
      release without one does, where they are listed.
    * ``provenance``: glob patterns of projects whose files must come with attestations (PEP 740), ``publishers``:
      from whom, by project.
    * ``stale_advisories``: whether data that is stale or missing is only said, must be acknowledged by who opens
      something (and nothing opens by itself), or refuses everything.
    * ``two_person``: what one person alone cannot do, in the words of :mod:`proxy.policy.second_person`.
    """

    mode: Mode = "enforce"
    minimum_age: timedelta = timedelta(days=7)
    ages: Mapping[str, timedelta] = field(default_factory=dict)
    fixes: Literal["wait", "pass"] = "wait"
    freeze: datetime | None = None
    internal: tuple[str, ...] = ()
    refuse_severity: SeverityFloor = "low"
    refuse_unknown_severity: bool = True
    licences: tuple[str, ...] = ()
    refuse_unknown_licence: bool = True
    provenance: tuple[str, ...] = ()
    publishers: Mapping[str, str] = field(default_factory=dict)
    warn_stale_after: timedelta = timedelta(hours=24)
    alarm_stale_after: timedelta = timedelta(hours=72)
    stale_advisories: StaleAdvisories = "acknowledge"
    two_person: tuple[str, ...] = ()
    id: str = "terms"


@dataclass(frozen=True, slots=True)
class Channel:
    """Another policy on the same gate, at an index URL of its own (``/NAME/simple/``).

    It inherits from ``base`` ("" is the default channel): every approval, prohibition and waiver there counts here
    as well, and so do its terms, except those that ``sets`` names, which are this channel's own.
    """

    id: str
    name: str
    base: str
    terms: Terms
    sets: tuple[str, ...]
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's or a person's key, known by the digest of its secret alone.

    ``owner`` is the principal who issued it and answers for it ("" for the first-run token, its own). ``scope`` narrows
    its role to some permissions (none named: all). One with a ``channel`` (None: everywhere) or with ``projects`` (glob
    patterns) reads the index there and does nothing else. ``networks`` are the CIDR blocks that it may come from.
    """

    id: str
    name: str
    sha256: str
    role: str
    at: datetime
    until: datetime | None = None
    owner: str = ""
    scope: tuple[str, ...] = ()
    channel: str | None = None
    projects: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    @property
    def bound(self) -> bool:
        """Whether it reads only a part of the index, and so nothing of the admin."""
        return self.channel is not None or bool(self.projects)


@dataclass(frozen=True, slots=True)
class NamesList:
    """Which list of popular projects is in force: its digest names the file that holds it."""

    source: str
    count: int
    sha256: str
    by: str
    at: datetime
    id: str = "names"
