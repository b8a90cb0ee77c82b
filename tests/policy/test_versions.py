"""PEP 440 at its corners: what a range holds, and when it names a version itself."""

from __future__ import annotations

import pytest

from proxy.policy import versions
from proxy.policy.versions import covers, is_prerelease, pins_exactly

CASES = [
    # range, version, held, named
    ("", "1.0", True, False),
    ("==1.0", "1.0", True, True),
    ("==1.0", "1.0.0", True, True),
    ("==1.0", "1.0.post1", False, False),
    ("==1.0", "1.0+local", True, True),
    ("==1.0+local", "1.0+local", True, True),
    ("==1.0+local", "1.0", False, False),
    ("===1.0", "1.0", True, True),
    ("===1.0", "1.0.0", False, False),
    ("===1.0", "1.0+local", False, False),
    ("===1.0.POST1", "1.0.post1", True, True),
    ("==1.*", "1.9", True, False),
    ("==1.*", "1", True, False),
    ("==1.*", "2.0", False, False),
    ("==1.*", "1.0rc1", True, False),
    ("==1.*", "1!1.0", False, False),
    ("!=1.*", "1.9", False, False),
    ("!=1.*", "2.0", True, False),
    (">=1.0", "1!0.1", True, False),
    ("<2", "1!0.1", False, False),
    ("==1!1.*", "1!1.5", True, False),
    ("==1!1.0", "1.0", False, False),
    (">1.0", "1.0.post1", False, False),
    (">=1.0", "1.0.post1", True, False),
    (">1.0.post1", "1.0.post2", True, False),
    (">1.0", "1.0+local", False, False),
    ("<=1.0", "1.0+local", True, False),
    ("<1.0", "1.0rc1", False, False),
    ("<=1.0", "1.0rc1", True, False),
    ("<1.0", "1.0.dev1", False, False),
    (">=1.0.dev0", "1.0.dev1", True, False),
    ("~=1.4.2", "1.4.9", True, False),
    ("~=1.4.2", "1.5", False, False),
    ("~=1.4", "1.9", True, False),
    ("~=1.4", "2.0", False, False),
    (">=1,!=1.5,<2", "1.5", False, False),
    ("==1.0rc1", "1.0rc1", True, True),
    ("== 1.0 , >= 0.5", "1.0", True, True),
    ("nonsense", "1.0", False, False),
    ("", "nonsense", False, False),
    (">=1", "9" * 2000, False, False),
]


@pytest.mark.parametrize(("wanted", "version", "held", "named"), CASES)
def test_a_range_holds_and_names_what_pep_440_says(wanted: str, version: str, held: bool, named: bool) -> None:
    assert covers(wanted, version) is held
    assert pins_exactly(wanted, version) is named


@pytest.mark.parametrize(
    ("version", "early"),
    [
        ("1.0", False),
        ("1.0rc1", True),
        ("1.0.dev1", True),
        ("1.0.post1", False),
        ("1.0.post1.dev1", True),
        ("x", False),
    ],
)
def test_early_releases_are_recognised(version: str, early: bool) -> None:
    assert is_prerelease(version) is early


def test_long_texts_are_remembered_in_small_number() -> None:
    long = [f"1.{'0.' * 100}{number}" for number in range(2 * versions.LONG_AT_MOST)]
    short = versions._specifier.cache_info().currsize
    for text in long:
        assert versions.version(text) is not None
        assert versions.specifier(f"!={text}") is not None
        assert covers(f"!={text}", "2")
    assert versions._specifier.cache_info().currsize == short
    assert versions._long_version.cache_info().currsize <= versions.LONG_AT_MOST
    assert versions._long_specifier.cache_info().currsize <= versions.LONG_AT_MOST
    assert versions.version("1" * (versions.LONGEST + 1)) is None
