"""What a project's page shows: the files that are allowed, and a word for each version that is not.

Facts of approved files come from the approval that pinned them, those of files that a standing approval let
through from when they were first handed out: an upstream may take a file away (yank, quarantine) but neither
change one nor, by forgetting it, undo what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

import msgspec
from msgspec import structs
from packaging.utils import NormalizedName
from packaging.version import Version

from proxy.model import ProjectPage, ReleaseFile, Subject, Unreadable, Verdict
from proxy.policy.judge import Basis, judge, judge_files
from proxy.policy.rules.digest import changed, differ
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version

_NOTHING: Mapping[str, ReleaseFile] = MappingProxyType({})


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A file and the verdict on it."""

    file: ReleaseFile
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Composition:
    """One project, judged: as a whole and file by file, newest version first.

    ``changed`` are files that the upstream lists with other bytes than were decided on, each with the refusal;
    ``unreadable`` the rows of its page that are no files. ``until`` is the next moment at which time alone may
    change anything here. A file's verdict may be of an earlier revision, where nothing changed for it since.
    """

    verdict: Verdict
    sources: _Sources
    files: tuple[Judged, ...]
    changed: tuple[Judged, ...]
    until: datetime | None
    unreadable: tuple[Unreadable, ...] = ()
    status: str = "active"
    status_reason: str | None = None

    @property
    def allowed(self) -> tuple[Judged, ...]:
        """The files that are served."""
        return tuple(judged for judged in self.files if judged.verdict.allowed)

    @property
    def withheld(self) -> Mapping[str, Judged]:
        """Per version of which nothing is served, the file that best says why (a wheel if there is one)."""
        served = {judged.file.version for judged in self.allowed}
        found: dict[str, Judged] = {}
        for judged in self.files:
            at = judged.file.version
            if at not in served and (at not in found or (found[at].file.kind, judged.file.kind) == ("sdist", "wheel")):
                found[at] = judged
        return found


@dataclass(frozen=True, slots=True)
class _Sources:
    """What a composition was made from."""

    basis: Basis
    listed: tuple[ReleaseFile, ...]
    first: Mapping[str, ReleaseFile]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Merged:
    files: list[ReleaseFile] = field(default_factory=list)
    changed: list[tuple[ReleaseFile, ReleaseFile]] = field(default_factory=list)


def compose(
    project: NormalizedName,
    page: ProjectPage | None,
    snapshot: PolicySnapshot,
    at: datetime,
    *,
    first: Mapping[str, ReleaseFile] = _NOTHING,
    before: Composition | None = None,
) -> Composition:
    """Judge a project with everything its page and its approvals know of it.

    ``first`` are the files that were handed out first under each name, ``before`` an earlier answer, of which
    is taken over what still holds.
    """
    page = page or ProjectPage(project, ())
    basis = Basis.of(project, snapshot, at, page.status)
    whole = judge(basis.subject, snapshot, at)
    sources = _Sources(basis, page.files, first, at)
    held = before if before is not None and _holds(before, sources) else None
    if held is not None and _is_listed(page.files, held.sources) and held.sources.first == first:
        files, changed, until = held.files, held.changed, held.until
    else:
        merged = _merge(page.files, snapshot.pinned(project), first)
        files, until = _judged(merged.files, basis, snapshot, at, held)
        changed = tuple(_refused(pin, file, basis.subject, snapshot.revision) for pin, file in merged.changed)
    until = min(filter(None, (whole.until, until)), default=None)
    return Composition(whole, sources, files, changed, until, page.unreadable, page.status, page.status_reason)


def at_revision(verdict: Verdict, revision: int) -> Verdict:
    """Return a verdict that holds under a later revision as that revision's own."""
    return verdict if verdict.revision == revision else structs.replace(verdict, revision=revision)


def newest_first(judged: Iterable[Judged]) -> list[Judged]:
    """Sort by version, the newest first; files of one version keep their order."""
    items = list(judged)
    versions = dict.fromkeys([item.file.version for item in items])
    newest = sorted(versions, key=lambda text: version(text) or _OLDEST, reverse=True)
    place = dict(zip(newest, range(len(newest)), strict=True))
    return sorted(items, key=lambda item: place[item.file.version])


def _holds(before: Composition, sources: _Sources) -> bool:
    """Whether what was judged before is still so for every file that is still the same."""
    old = before.sources
    return old.basis == sources.basis and old.at <= sources.at and (before.until is None or sources.at < before.until)


def _is_listed(files: tuple[ReleaseFile, ...], sources: _Sources) -> bool:
    """Whether a page still lists what it did; tuples of other lengths are compared to their end before that shows."""
    return len(files) == len(sources.listed) and files == sources.listed


def _judged(
    files: list[ReleaseFile], basis: Basis, snapshot: PolicySnapshot, at: datetime, held: Composition | None
) -> tuple[tuple[Judged, ...], datetime | None]:
    """Judge files, taking over what was judged before and holds; and say until when all of it does."""
    known = {old.file.filename: old for old in held.files} if held else {}
    fresh = [file for file in files if not _is(known.get(file.filename), file)] if known else files
    verdicts = judge_files(fresh, basis, snapshot, at)
    judged = [Judged(file, verdict) for file, verdict in zip(fresh, verdicts, strict=True)]
    moments = [held.until] if held else []
    moments += [new.verdict.until for new in judged]
    if known:
        known |= {new.file.filename: new for new in judged}
        judged = [known[file.filename] for file in files]
    return tuple(newest_first(judged)), min(filter(None, moments), default=None)


def _is(old: Judged | None, file: ReleaseFile) -> bool:
    return old is not None and (old.file is file or old.file == file)


def _merge(
    listed: Iterable[ReleaseFile], pinned: Mapping[str, ReleaseFile], first: Mapping[str, ReleaseFile]
) -> _Merged:
    """Lay the decided files over the listed ones: their bytes are decided, their yanking is upstream's."""
    merged = _Merged()
    missing = dict(pinned)
    for file in listed:
        pin = _decided(missing.pop(file.filename, None), first.get(file.filename))
        if pin is None:
            merged.files.append(file)
            continue
        if differ(pin, file):
            merged.changed.append((pin, file))
            merged.files.append(pin)
        else:
            merged.files.append(_told(pin, file))
    merged.files.extend(_decided(pin, first.get(name)) or pin for name, pin in missing.items())
    return merged


def _told(pin: ReleaseFile, file: ReleaseFile) -> ReleaseFile:
    """Return a decided file with what may change about it: its yanking, its provenance, what was found in it since."""
    contradiction = pin.contradiction or file.contradiction
    told = file.yanked, file.provenance, contradiction
    if told == (pin.yanked, pin.provenance, pin.contradiction):
        return pin
    return replace(pin, yanked=file.yanked, provenance=file.provenance, contradiction=contradiction)


def _decided(pin: ReleaseFile | None, first: ReleaseFile | None) -> ReleaseFile | None:
    """Return the file that a name stands for: what was first handed out, with what its approval knows of it."""
    if pin is None or first is None:
        return pin or first
    return first if differ(first, pin) else pin


def _refused(pin: ReleaseFile, file: ReleaseFile, subject: Subject, revision: int) -> Judged:
    asked = structs.replace(subject, version=file.version, file=file)
    return Judged(file, Verdict(asked, revision, (changed(pin, file),)))


_OLDEST = Version("0.dev0")
