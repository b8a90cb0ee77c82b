"""Files that were added to an approved version later: which they are, and how each is new.

Decided here:

* Late is what is refused, of a version that an approval froze, and was not there then: it is in the range and
  not frozen, or it needs a permission that the approval does not give and was uploaded afterwards.
* An approval that names its files by digest speaks of no others, so nothing is late to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, LateFile, ReleaseFile
from proxy.policy.listing import Composition, Judged
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import Grant, PolicySnapshot
from proxy.policy.tags import of_wheel, tail

_NEEDS = frozenset({Code.SDIST, Code.LEGACY, Code.PRERELEASE, Code.YANKED})
"""What an approval may have left out on purpose."""


def late_files(composition: Composition, snapshot: PolicySnapshot, at: datetime) -> list[LateFile]:
    """Return the late files of a project, each for the channel in which its version was approved first."""
    project = composition.verdict.subject.project
    grants = [g for g in snapshot.grants.get(project, ()) if in_force(g, at) and not g.approval.exact]
    found = ((judged, _late_to(judged, grants)) for judged in composition.files)
    return [_late(project, judged.file, grant, at) for judged, grant in found if grant]


def waits(late: LateFile, grants: Iterable[Grant]) -> bool:
    """Whether a late file still waits: its version is approved where it is late, and none has frozen it."""
    here = [grant for grant in grants if grant.approval.channel == late.channel]
    frozen = any(pin.sha256 == late.file.sha256 for g in here if (pin := g.pins.get(late.file.filename)))
    return not frozen and any(late.file.version in grant.versions for grant in here if not grant.approval.exact)


def _late_to(judged: Judged, grants: Iterable[Grant]) -> Grant | None:
    """Return the approval that a file is late to, None where it is to none."""
    file = judged.file
    for grant in grants:
        if file.version in grant.versions:
            break
    else:
        return None
    if file.filename in grant.pins or not file.sha256 or judged.verdict.allowed:
        return None
    codes = {finding.code for finding in judged.verdict.refusals}
    late = Code.LATE_FILE in codes or (codes & _NEEDS and _uploaded_after(file, grant))
    return grant if late else None


def _uploaded_after(file: ReleaseFile, grant: Grant) -> bool:
    return file.upload_time is not None and file.upload_time > grant.approval.at


def _late(project: NormalizedName, file: ReleaseFile, grant: Grant, at: datetime) -> LateFile:
    channel = grant.approval.channel
    identity = hashlib.sha256("\n".join((channel, project, file.filename, file.sha256 or "")).encode()).hexdigest()[:16]
    frozen = [pin for pin in grant.pins.values() if pin.version == file.version]
    return LateFile(f"late:{identity}", project, file, differs(file, frozen), at, channel)


def differs(file: ReleaseFile, frozen: Iterable[ReleaseFile]) -> str:
    """Say in words what a file is that was added to these."""
    if file.kind == "sdist":
        return "a source archive"
    if file.kind == "legacy":
        return "a source archive of an old format"
    for other in frozen:
        if other.kind == "wheel" and tail(other.filename) == tail(file.filename):
            return f"another build of {other.filename}"
    return f"a wheel for {of_wheel(file.filename)}"
