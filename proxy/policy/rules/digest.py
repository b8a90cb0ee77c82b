"""Approved means these bytes: a file without a SHA-256, or with another one than was approved, is refused.

The second holds for ever and for every approval: a file that changed under its own name is either
an attack or a mistake, and a person looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.snapshot import PolicySnapshot


def digest(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files without a digest, or whose digest or size differs from a pinned one."""
    file = subject.file
    if file is None:
        return ()
    found = []
    if file.sha256 is None:
        sentence = f"{file.filename} is listed without a SHA-256 digest, so nothing can prove what it is."
        found.append(Finding(Code.NO_DIGEST, Effect.FORBID, sentence, "Ask for another file of this version."))
    for grant in snapshot.grants.get(subject.project, ()):
        pin = grant.pins.get(file.filename)
        if pin is not None and pin is not file and differ(pin, file):
            found.append(changed(pin, file))
    return found


def unproved(
    files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, _at: datetime
) -> list[ReleaseFile]:
    """Pick the files without a digest, and those of which a pin is not the very same."""
    grants = snapshot.grants.get(project, ())
    doubtful = [file for file in files if file.sha256 is None]
    for grant in grants:
        pinned = grant.pins.get
        doubtful += [file for file in files if pinned(file.filename, file) is not file]
    return doubtful


def differ(first: ReleaseFile, other: ReleaseFile) -> bool:
    """Whether two files of one name are not the same bytes: another digest, or another size where both say one."""
    if first.sha256 != other.sha256:
        return True
    return first.size != other.size and first.size is not None and other.size is not None


def changed(first: ReleaseFile, file: ReleaseFile) -> Finding:
    """Return what is said of a file that is not the one that was first approved or handed out under its name."""
    return Finding(
        Code.CHANGED,
        Effect.FORBID,
        f"{file.filename} changed upstream after it was approved.",
        "Do not install it from elsewhere. The security team has been told.",
        evidence={"approved": first.sha256 or "", "now": file.sha256 or ""},
    )
