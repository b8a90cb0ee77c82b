"""Late files: which are late, how each is new in words, and when one waits no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from proxy.model import Approval, ProjectPage, ReleaseFile
from proxy.policy.late import differs, late_files, waits
from proxy.policy.listing import compose
from tests.policy.facts import AT, FLASK, approval, legacy, sdist, snapshot, wheel

FROZEN = wheel()
NOW = AT - timedelta(days=1)
"""After the approval of :func:`tests.policy.facts.approval`, which is a month old."""
BUILD = wheel(filename="flask-3.0.0-1-py3-none-any.whl", sha256="b" * 64)
PINNED = approval(FROZEN, specifier=">=3,<4")

CASES = [
    ("another build", PINNED, BUILD, True),
    ("another build, uploaded long ago", PINNED, replace(BUILD, upload_time=AT - timedelta(days=900)), True),
    ("an sdist uploaded since", PINNED, replace(sdist(), upload_time=NOW), True),
    ("an sdist that was left out", PINNED, sdist(), False),
    ("an sdist without a date", PINNED, replace(sdist(), upload_time=None), False),
    ("another version", PINNED, wheel("3.1.0"), False),
    ("without a digest", PINNED, replace(BUILD, sha256=None), False),
    ("what is frozen itself", PINNED, FROZEN, False),
    ("beside files named by digest", approval(FROZEN, specifier="==3.0.0", exact=True), BUILD, False),
    ("of a standing approval", approval(FROZEN, specifier=">=3", standing=True), BUILD, False),
    ("after the approval ended", approval(FROZEN, specifier=">=3", until=AT), BUILD, False),
]


@pytest.mark.parametrize(("granted", "file", "late"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_late_is_what_was_added_to_an_approved_version(granted: Approval, file: ReleaseFile, late: bool) -> None:
    policy = snapshot(granted)
    found = late_files(compose(FLASK, ProjectPage(FLASK, (file,)), policy, AT), policy, AT)
    assert [entry.file for entry in found] == ([file] if late else [])


def test_a_late_file_is_known_again_by_its_name_and_digest() -> None:
    def noted(file: ReleaseFile) -> str:
        policy = snapshot(PINNED)
        (entry,) = late_files(compose(FLASK, ProjectPage(FLASK, (file,)), policy, AT), policy, AT)
        return entry.id

    assert noted(BUILD) == noted(replace(BUILD, yanked="x", upload_time=NOW))
    assert noted(BUILD) != noted(replace(BUILD, sha256="c" * 64))


def test_a_late_file_waits_until_it_is_frozen_or_its_version_is_not_approved_any_more() -> None:
    policy = snapshot(PINNED)
    (entry,) = late_files(compose(FLASK, ProjectPage(FLASK, (BUILD,)), policy, AT), policy, AT)
    assert waits(entry, policy.grants[FLASK])
    admitted = policy.amended([approval(BUILD, specifier="==3.0.0", exact=True, id="late")], (), 8)
    assert not waits(entry, admitted.grants[FLASK])
    assert not waits(entry, ())


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("flask-3.0.0-1-py3-none-any.whl", "another build of flask-3.0.0-py3-none-any.whl"),
        ("flask-3.0.0-cp314-cp314-manylinux_2_28_x86_64.whl", "a wheel for CPython 3.14 on Linux x86_64"),
        ("flask-3.0.0-cp314-cp314t-musllinux_1_2_aarch64.whl", "CPython 3.14 (free-threaded) on Linux aarch64 (musl)"),
        ("flask-3.0.0-cp39-abi3-win_amd64.whl", "a wheel for CPython 3.9 and later on Windows amd64"),
        ("flask-3.0.0-cp312-cp312-win32.whl", "a wheel for CPython 3.12 on Windows x86"),
        ("flask-3.0.0-cp312-cp312-macosx_11_0_arm64.whl", "a wheel for CPython 3.12 on macOS arm64"),
        ("flask-3.0.0-cp312-cp312-macosx_10_9_universal2.whl", "CPython 3.12 on macOS (Intel and Apple)"),
        ("flask-3.0.0-pp310-pypy310_pp73-manylinux2014_x86_64.whl", "a wheel for PyPy 3.10 on Linux x86_64"),
        ("flask-3.0.0-py2.py3-none-any.whl", "a wheel for any Python 2, Python 3"),
        ("flask-3.0.0-cp313-none-any.whl", "a wheel for CPython 3.13"),
        (
            "flask-3.0.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a wheel for CPython 3.12 on Linux x86_64",
        ),
        ("flask-3.0.0-xx1-none-plan9.whl", "a wheel for xx 1 on plan9"),
        ("flask-3.0.0-weird-none-any.whl", "a wheel for any weird"),
    ],
)
def test_what_a_wheel_is_for_is_said_in_words(filename: str, words: str) -> None:
    assert words in differs(wheel(filename=filename), [FROZEN])


def test_source_archives_are_called_so() -> None:
    assert differs(sdist(), [FROZEN]) == "a source archive"
    assert differs(legacy(), [FROZEN]) == "a source archive of an old format"
