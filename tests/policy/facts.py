"""Small facts for the policy's tests: files, approvals and snapshots in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from packaging.utils import NormalizedName

from proxy.model import Approval, Channel, Entry, Origin, ReleaseFile, Subject, Terms
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.snapshot import PolicySnapshot

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
FLASK = NormalizedName("flask")
FILES_HOST = "https://files.example"
ORIGIN = Origin(f"origin:{FILES_HOST}", FILES_HOST, "test", AT)


def wheel(version: str = "3.0.0", project: str = "flask", **facts: Any) -> ReleaseFile:
    """A wheel of a project, a year old, of a known origin."""
    filename = facts.pop("filename", f"{project}-{version}-py3-none-any.whl")
    defaults: dict[str, Any] = {
        "kind": "wheel",
        "url": f"{FILES_HOST}/packages/{filename}",
        "sha256": "a" * 64,
        "size": 1000,
        "upload_time": AT - timedelta(days=365),
    }
    return ReleaseFile(filename=filename, version=version, **{**defaults, **facts})


def sdist(version: str = "3.0.0", project: str = "flask", **facts: Any) -> ReleaseFile:
    """A source archive of a project."""
    return wheel(version, project, filename=f"{project}-{version}.tar.gz", kind="sdist", **facts)


def legacy(version: str = "3.0.0", project: str = "flask", **facts: Any) -> ReleaseFile:
    """A source archive in a format of old."""
    return wheel(version, project, filename=f"{project}-{version}.zip", kind="legacy", **facts)


def approval(*files: ReleaseFile, specifier: str = "", project: NormalizedName = FLASK, **facts: Any) -> Approval:
    """An approval that froze these files."""
    defaults: dict[str, Any] = {"by": "ada", "reason": "needed", "at": AT - timedelta(days=30)}
    identity = facts.pop("id", f"approval:{specifier}:{len(files)}")
    return Approval(identity, project, specifier, files, **{**defaults, **facts})


def snapshot(*entries: Entry, revision: int = 7, ends: Iterable[str] = ()) -> PolicySnapshot:
    """A snapshot with these entries in force and the usual origin. Its own terms only say that it has no advisories."""
    return PolicySnapshot(terms=Terms(stale_advisories="say")).amended((ORIGIN, *entries), ends, revision)


def knowing(policy: PolicySnapshot, advisories: AdvisoryIndex) -> PolicySnapshot:
    """A snapshot with these advisories in force."""
    return replace(policy, advisories=advisories)


def channel(name: str, base: str = "", sets: Iterable[str] = (), **terms: Any) -> Channel:
    """A channel; terms that are given are its own."""
    return Channel(f"channel:{name}", name, base, Terms(**terms), tuple({*sets, *terms}), "ada", "a test needs it", AT)


def subject(file: ReleaseFile | None = None, version: str | None = None, project: NormalizedName = FLASK) -> Subject:
    """A subject: a project, a version, or a file of it."""
    return Subject(project, file.version if file else version, file)
