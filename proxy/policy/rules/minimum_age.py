"""Cool-down: a file must have been public for a while, since most malware is found within days.

Decided here:

* An upload time that is missing, in the future or before PyPI existed counts as too new.
* A young release that fixes something approved passes early, where the terms say so. It fixes something when
  an advisory withholds a version that an approval froze, or versions of a standing approval's range, and names
  this very release as the first one above them without the fault. A later release is no fix: whoever takes over
  a project can publish one, but only the advisory's editors can have it named.
* Where any approved version of the project is reported as malware nothing counts as a fix. A waived advisory,
  or one below the terms' severity, withholds nothing, so its fix is in no hurry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.rules.advisories import advisories
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import Grant, PolicySnapshot
from proxy.policy.versions import covers, named_in, version

FIRST_UPLOAD = datetime(2003, 1, 1, tzinfo=UTC)
"""Nothing was uploaded before; an earlier date is made up."""

NO_TIME = timedelta(0)
OVERRULE = "Wait, or ask an approver to release it early: --acknowledge too-new"


def minimum_age(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Sequence[Finding]:
    """Forbid files younger than the terms ask for, of this project or of all."""
    terms, file = snapshot.terms, subject.file
    wanted = _wanted(subject.project, snapshot)
    if file is None or wanted <= NO_TIME:
        return ()
    name, uploaded = file.filename, file.upload_time
    if uploaded is None:
        sentence = f"{name} has no upload time, so it counts as too new."
        return (Finding(Code.TOO_NEW, Effect.FORBID, sentence, OVERRULE),)
    if uploaded < FIRST_UPLOAD or uploaded > at:
        sentence = f"{name} claims to be uploaded on {uploaded:%Y-%m-%d}, so it counts as too new."
        return (Finding(Code.TOO_NEW, Effect.FORBID, sentence, OVERRULE, uploaded if uploaded > at else None),)
    if _is_old(uploaded, wanted, at):
        return ()
    fix = _fix(subject.project, file.version, snapshot, at)
    told = _passing if fix.ids and terms.fixes == "pass" else _too_new
    return (told(file, uploaded, uploaded + wanted, fix),)


def young(
    files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, at: datetime
) -> Sequence[ReleaseFile]:
    """Pick the files that are younger than the terms ask for, or do not say when they were uploaded."""
    wanted = _wanted(project, snapshot)
    if wanted <= NO_TIME:
        return ()
    return [file for file in files if not _is_old(file.upload_time, wanted, at)]


@dataclass(frozen=True, slots=True)
class _Fix:
    """The advisories on approved versions that a version fixes, and the moments that may change that."""

    ids: tuple[str, ...] = ()
    moments: tuple[datetime, ...] = ()


def _wanted(project: NormalizedName, snapshot: PolicySnapshot) -> timedelta:
    """Return the age that is asked for, longer by the doubt of a clock that jumped; nothing where none is."""
    wanted = snapshot.terms.ages.get(project, snapshot.terms.minimum_age)
    return wanted + snapshot.doubt if wanted > NO_TIME else NO_TIME


def _is_old(uploaded: datetime | None, wanted: timedelta, at: datetime) -> bool:
    return uploaded is not None and FIRST_UPLOAD <= uploaded <= at and uploaded + wanted <= at


def _passing(file: ReleaseFile, uploaded: datetime, ready: datetime, fix: _Fix) -> Finding:
    moment, ids = f"{ready:%Y-%m-%d %H:%M} UTC", ", ".join(fix.ids)
    sentence = f"{file.filename} passes before {moment}: it fixes {ids}, which withholds an approved version."
    until = min((ready, *fix.moments))
    return Finding(Code.FIX, Effect.ADVISE, sentence, until=until, evidence=_evidence(uploaded, ready, fix))


def _too_new(file: ReleaseFile, uploaded: datetime, ready: datetime, fix: _Fix) -> Finding:
    sentence = f"{file.filename} was uploaded on {uploaded:%Y-%m-%d}: it is too new until {ready:%Y-%m-%d %H:%M} UTC."
    sentence += f" It fixes {', '.join(fix.ids)}." if fix.ids else ""
    until = min((ready, *fix.moments))
    return Finding(Code.TOO_NEW, Effect.FORBID, sentence, OVERRULE, until, _evidence(uploaded, ready, fix))


def _evidence(uploaded: datetime, ready: datetime, fix: _Fix) -> dict[str, str]:
    return {"uploaded": uploaded.isoformat(), "ready": ready.isoformat(), "fixes": " ".join(fix.ids)}


def _fix(project: NormalizedName, young: str, snapshot: PolicySnapshot, at: datetime) -> _Fix:
    """Return what the version ``young`` fixes: nothing, for most versions."""
    if not snapshot.advisories.is_fix(project, young):
        return _Fix()
    live = [grant for grant in snapshot.grants.get(project, ()) if in_force(grant, at)]
    approved = {found for grant in live for found in _approved(grant, snapshot)}
    found = [finding for one in approved for finding in advisories(Subject(project, one), snapshot, at)]
    moments = (*(grant.approval.until for grant in live), *(finding.until for finding in found))
    ids: set[str] = set()
    if all(finding.code is not Code.MALWARE for finding in found):
        withholding = (finding for finding in found if finding.effect is Effect.FORBID)
        ids = {f.evidence["advisory"] for f in withholding if version(f.evidence["fixed"]) == version(young)}
    return _Fix(tuple(sorted(ids)), tuple(filter(None, moments)))


def _approved(grant: Grant, snapshot: PolicySnapshot) -> Iterator[str]:
    """Yield the frozen versions, and of a standing range one version of each stretch that advisories tell apart."""
    approval = grant.approval
    yield from grant.versions
    if approval.standing:
        yield from named_in(approval.specifier)
        yield from (edge for edge in snapshot.advisories.edges(approval.project) if covers(approval.specifier, edge))
