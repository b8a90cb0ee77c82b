"""``pylock.toml`` (PEP 751) with the gate's own addresses, for pip and uv to install from.

Decided here:

* One release of each project, since an installer takes a lock with two for ambiguous.
* A release with wheels for some systems alone is marked for those, or installers elsewhere would refuse the lock.
* No ``requires-python``: for an installer a release for another Python would make the whole lock an error.
"""

from __future__ import annotations

from collections.abc import Iterable

from packaging.markers import Marker
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from proxy.locks.writers.approved import ApprovedSet, Release
from proxy.model import ReleaseFile
from proxy.policy.document.writing import toml
from proxy.simple.addresses import path_of

SYSTEMS = {"win": "win32", "macosx": "darwin", "linux": "linux", "manylinux": "linux", "musllinux": "linux"}
"""How the platform tags of a system begin (PEP 425), and what ``sys_platform`` is there."""


def write(approved: ApprovedSet) -> str:
    """Return the lock. It is validated as PEP 751 says."""
    lock = Pylock(
        lock_version=Version("1.0"),
        created_by="wicketgate",
        packages=[_package(release, approved) for release in approved.newest() if _sources(release)],
        tool={"wicketgate": {"index": approved.index, "revision": approved.revision}},
    )
    lock.validate()
    return toml(dict(lock.to_dict()))


def _sources(release: Release) -> list[ReleaseFile]:
    """Return the files that the format can name: wheels, and one source archive."""
    wheels = [file for file in release.files if file.kind == "wheel"]
    archives = [file for file in release.files if file.filename.endswith((".tar.gz", ".zip"))]
    return [*wheels, *sorted(archives, key=lambda file: file.kind != "sdist")[:1]]


def _package(release: Release, approved: ApprovedSet) -> Package:
    files = _sources(release)
    archive = next((file for file in files if file.kind != "wheel"), None)
    wheels = [file for file in files if file.kind == "wheel"]
    marker = "" if archive else _systems(wheels)
    return Package(
        name=release.project,
        version=Version(release.version),
        marker=Marker(marker) if marker else None,
        index=approved.index,
        sdist=_sdist(archive, approved.url) if archive else None,
        wheels=[_wheel(file, approved.url) for file in wheels] or None,
    )


def _wheel(file: ReleaseFile, url: str) -> PackageWheel:
    return PackageWheel(
        name=file.filename,
        url=f"{url}/files{path_of(file.url)}",
        upload_time=file.upload_time,
        size=file.size,
        hashes={"sha256": str(file.sha256)},
    )


def _sdist(file: ReleaseFile, url: str) -> PackageSdist:
    return PackageSdist(
        name=file.filename,
        url=f"{url}/files{path_of(file.url)}",
        upload_time=file.upload_time,
        size=file.size,
        hashes={"sha256": str(file.sha256)},
    )


def _systems(wheels: Iterable[ReleaseFile]) -> str:
    """Return a marker for the systems that these wheels are for, "" where they are for any, or for one unknown here."""
    platforms = {tag.platform for file in wheels for tag in parse_wheel_filename(file.filename)[3]}
    systems = {SYSTEMS.get(platform.partition("_")[0].rstrip("0123456789"), "") for platform in platforms}
    if "" in systems or systems == set(SYSTEMS.values()):
        return ""
    return " or ".join(f'sys_platform == "{system}"' for system in sorted(systems))
