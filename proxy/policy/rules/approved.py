"""The one rule that permits. An approval opens the files it froze, by digest; a standing one its range.

What it says of a file that no approval opens is the most helpful of the reasons there are: a file
added after the approval, a pre-release, an sdist, an approval that ended, or simply never approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Approval, Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.snapshot import Grant, PolicySnapshot
from proxy.policy.versions import covers, is_prerelease, pins_exactly


def approved(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> tuple[Finding]:
    """Permit what an approval in force opens; forbid everything else."""
    grants = snapshot.grants.get(subject.project, ())
    file, emergency = subject.file, None
    for grant in grants:
        if in_force(grant, at) and (file is None or opens(grant, file)):
            if not grant.approval.emergency:
                # When this one ends the verdict is looked at again; another may open it then.
                return (grant.permit,)
            emergency = grant.permit
    return (emergency or _refusal(subject, [grant for grant in grants if in_force(grant, at)], grants),)


def in_force(grant: Grant, at: datetime) -> bool:
    """Whether the approval has not ended."""
    return grant.approval.until is None or at < grant.approval.until


def opens(grant: Grant, file: ReleaseFile) -> bool:
    """Whether the approval opens this very file: pinned by digest, or within a standing range."""
    pin = grant.pins.get(file.filename)
    if pin is not None:
        return pin.sha256 is not None and pin.sha256 == file.sha256
    return grant.approval.standing and admits(grant, file)


def admits(grant: Grant, file: ReleaseFile) -> bool:
    """Whether the approval's range, and what it says of the special kinds of files, takes this file in."""
    approval = grant.approval
    return covers(approval.specifier, file.version) and next(_lacking(approval, file), None) is None


def _lacking(approval: Approval, file: ReleaseFile) -> Iterator[tuple[Code, str]]:
    """Yield each permission that the file would need and the approval does not give, with a sentence."""
    named = pins_exactly(approval.specifier, file.version)
    if file.kind == "sdist" and not approval.sdists:
        yield Code.SDIST, f"{file.filename} is a source archive, which runs code on install; only wheels are approved."
    if file.kind == "legacy" and not approval.legacy:
        yield Code.LEGACY, f"{file.filename} is of a legacy format, and runs code on install; only wheels are approved."
    if is_prerelease(file.version) and not approval.prereleases and not named:
        yield Code.PRERELEASE, f"{file.filename} is a pre-release; the approval leaves those out."
    if file.yanked is not None and not approval.yanked:
        yield Code.YANKED, f"{file.filename} was yanked by its maintainers: {file.yanked or 'no reason given'}"


def _refusal(subject: Subject, live: list[Grant], grants: tuple[Grant, ...]) -> Finding:
    code, sentence = _why(subject, live, grants)
    wanted = f"{subject.project}=={subject.version}" if live and subject.version else subject.project
    return Finding(code, Effect.FORBID, sentence, f"Ask for it: wicketgate request {wanted}")


def _why(subject: Subject, live: list[Grant], grants: tuple[Grant, ...]) -> tuple[Code, str]:
    project, file = subject.project, subject.file
    if grants and not live:
        return Code.ENDED, f"The approval of {project} has ended."
    if file is None or not live:
        return Code.NOT_APPROVED, f"{project} is not approved."
    in_range = [g for g in live if not g.approval.exact and covers(g.approval.specifier, file.version)]
    if not in_range:
        if any(file.version in grant.versions for grant in live):
            return Code.NOT_APPROVED, f"{file.filename} is not approved; other files of this version are."
        return Code.NOT_APPROVED, f"{project} {file.version} is not approved; other versions are."
    return _why_not_within(project, file, in_range)


def _why_not_within(project: str, file: ReleaseFile, in_range: list[Grant]) -> tuple[Code, str]:
    lacking = [next(_lacking(grant.approval, file), None) for grant in in_range]
    if lacking[0] and all(lacking):
        return lacking[0]
    if any(file.version in grant.versions for grant in in_range):
        return Code.LATE_FILE, f"{file.filename} was added after {project} {file.version} was approved."
    return Code.LATE_FILE, f"{project} {file.version} came out after the approval and waits for a look."
