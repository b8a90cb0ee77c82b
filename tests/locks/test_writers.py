"""What is approved, written in the formats of others."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from packaging.pylock import Pylock
from packaging.utils import NormalizedName

from proxy import locks
from proxy.locks.writers.approved import ApprovedSet, Withheld, released
from proxy.locks.writers.formats import FORMATS
from proxy.model import ReleaseFile
from tests.policy.facts import AT, legacy, sdist, wheel

GATE = "https://gate.example/research"


def approved(*files: ReleaseFile, project: str = "flask") -> ApprovedSet:
    """A set of one project, and one of which nothing is served."""
    name = NormalizedName(project)
    held = Withheld(NormalizedName("young"), "young 1.0 is too new.")
    return ApprovedSet(GATE, 12, AT, tuple(released(name, files)), (held,))


def written(kind: Any, *files: ReleaseFile) -> str:
    """A set in a format."""
    return FORMATS[kind].write(approved(*files))


def tagged(*tags: str) -> list[ReleaseFile]:
    """Wheels of one version for these platforms."""
    return [wheel(filename=f"flask-3.0.0-cp311-cp311-{tag}.whl") for tag in tags]


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        (["2.10", "2.9"], "2.10"),
        (["3.0rc1", "2.0"], "2.0"),
        (["3.0rc1", "3.0rc2"], "3.0rc2"),
        (["1!1.0", "2.0"], "1!1.0"),
        (["1.0", "1.0+cpu", "1.0.post1"], "1.0.post1"),
    ],
)
def test_the_newest_version_is_named(versions: list[str], newest: str) -> None:
    assert written("constraints", *map(wheel, versions)).splitlines() == [
        f"# The newest version of each project that {GATE}/simple/ at policy revision 12 serves.",
        f"flask=={newest}",
        "# young: nothing is served. young 1.0 is too new.",
    ]


@pytest.mark.parametrize(
    ("files", "marker"),
    [
        (tagged("win_amd64", "win32"), 'sys_platform == "win32"'),
        (tagged("macosx_11_0_arm64"), 'sys_platform == "darwin"'),
        (
            tagged("manylinux_2_17_x86_64.manylinux2014_x86_64", "musllinux_1_2_aarch64", "win_arm64"),
            'sys_platform == "linux" or sys_platform == "win32"',
        ),
        (tagged("win_amd64", "macosx_11_0_arm64", "linux_x86_64"), None),
        (tagged("win_amd64", "any"), None),
        (tagged("ios_13_0_arm64_iphoneos"), None),
        ([*tagged("win_amd64"), sdist()], None),
    ],
)
def test_a_release_for_some_systems_alone_is_marked_for_those(files: list[ReleaseFile], marker: str | None) -> None:
    (package,) = Pylock.from_dict(tomllib.loads(written("pylock", *files))).packages
    assert (str(package.marker) if package.marker else None) == marker


def test_a_pylock_names_the_gates_addresses_and_digests() -> None:
    lock = Pylock.from_dict(tomllib.loads(written("pylock", wheel("2.0"), wheel("3.0.0"), sdist("3.0.0"))))
    (package,) = lock.packages
    assert (str(package.version), package.index) == ("3.0.0", f"{GATE}/simple/")
    assert package.wheels
    assert package.sdist
    assert package.wheels[0].url == f"{GATE}/files/packages/flask-3.0.0-py3-none-any.whl"
    assert package.wheels[0].hashes == package.sdist.hashes == {"sha256": "a" * 64}
    assert lock.tool == {"wicketgate": {"index": f"{GATE}/simple/", "revision": 12}}


def test_of_source_archives_a_pylock_takes_one_and_the_standard_one_first() -> None:
    (package,) = Pylock.from_dict(tomllib.loads(written("pylock", legacy(), sdist()))).packages
    assert package.sdist
    assert package.sdist.name == "flask-3.0.0.tar.gz"
    strange = wheel(filename="flask-3.0.0.tar.bz2", kind="legacy")
    assert not Pylock.from_dict(tomllib.loads(written("pylock", strange))).packages


@pytest.mark.parametrize("kind", ["pylock", "cyclonedx"])
def test_what_is_written_is_read_again_as_it_was(kind: str) -> None:
    files = wheel("3.0.0", sha256="a" * 64), sdist("3.0.0", sha256="b" * 64)
    found = locks.read("x", written(kind, *files).encode())
    assert (found.kind, found.faults) == (kind, ())
    (flask,) = found.locked
    assert (flask.project, flask.version, sorted(flask.sha256s)) == ("flask", "3.0.0", ["a" * 64, "b" * 64])
    assert all(url.startswith(f"{GATE}/files/packages/") for url in flask.urls)
    assert written(kind, *files) == written(kind, *files)
