"""Reading versions and specifiers once (PEP 440): every rule asks here, nobody parses twice.

What does not parse is None and the caller refuses it. The caches are bounded, in the length of what they hold
as well: anybody may ask about any text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

LONGEST: Final = 1000
"""Longer texts are not read at all: nobody names a release so, and parsing is not free."""

SHORT: Final = 128
LONG_AT_MOST: Final = 256
"""Longer texts than ``SHORT`` are few in any policy, and what each parses to may be large."""


def _read_version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _read_specifier(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


_version, _long_version = lru_cache(maxsize=32768)(_read_version), lru_cache(maxsize=LONG_AT_MOST)(_read_version)
_specifier, _long_specifier = lru_cache(maxsize=8192)(_read_specifier), lru_cache(maxsize=LONG_AT_MOST)(_read_specifier)


def version(text: str) -> Version | None:
    """Return the version that ``text`` spells, or None."""
    if len(text) > SHORT:
        return _long_version(text) if len(text) <= LONGEST else None
    return _version(text)


def specifier(text: str) -> SpecifierSet | None:
    """Return the specifier set that ``text`` spells ("" is every version), or None."""
    if len(text) > SHORT:
        return _long_specifier(text) if len(text) <= LONGEST else None
    return _specifier(text)


def covers(specifier_text: str, version_text: str) -> bool:
    """Whether the range holds the version, pre-releases included (rules refuse those by themselves).

    A text that does not parse covers nothing and is covered by nothing.
    """
    short = len(specifier_text) <= 2 * SHORT and len(version_text) <= SHORT
    return _covers(specifier_text, version_text) if short else _holds(specifier_text, version_text)


def _holds(specifier_text: str, version_text: str) -> bool:
    wanted, found = specifier(specifier_text), version(version_text)
    return wanted is not None and found is not None and wanted.contains(found, prereleases=True)


_covers = lru_cache(maxsize=65536)(_holds)


def is_prerelease(version_text: str) -> bool:
    """Whether the version is an alpha, beta, candidate or development release (PEP 440)."""
    found = version(version_text)
    return found is not None and found.is_prerelease


def pins_exactly(specifier_text: str, version_text: str) -> bool:
    """Whether the range names this very version by ``==`` or ``===`` without a wildcard."""
    wanted = specifier(specifier_text)
    if wanted is None or not covers(specifier_text, version_text):
        return False
    return any(part.operator in {"==", "==="} and not part.version.endswith(".*") for part in wanted)


def named_in(specifier_text: str) -> set[str]:
    """Return the versions that a range names, where they lie in it: where it begins, for most ranges."""
    named = {part.version.removesuffix(".*") for part in specifier(specifier_text) or ()}
    return {text for text in named if covers(specifier_text, text)}


def pinned_by(specifier_text: str) -> str:
    """Return the one version (canonical) that a range names by ``==`` or ``===``, "" where it names none."""
    wanted = specifier(specifier_text)
    exact = [part for part in wanted or () if part.operator in {"==", "==="} and not part.version.endswith(".*")]
    found = {str(named) if (named := version(part.version)) else "" for part in exact}
    return found.pop() if len(found) == 1 else ""
