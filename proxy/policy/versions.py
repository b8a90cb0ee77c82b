"""Reading versions and specifiers once (PEP 440): every rule asks here, nobody parses twice.

The caches are bounded; what does not parse is None and the caller refuses it.
"""

from __future__ import annotations

from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

LONGEST = 1000
"""Longer texts are not read at all: nobody names a release so, and parsing is not free."""


def version(text: str) -> Version | None:
    """Return the version that ``text`` spells, or None."""
    return _version(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=65536)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def specifier(text: str) -> SpecifierSet | None:
    """Return the specifier set that ``text`` spells ("" is every version), or None."""
    return _specifier(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=8192)
def _specifier(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def covers(specifier_text: str, version_text: str) -> bool:
    """Whether the range holds the version, pre-releases included (rules refuse those by themselves).

    A text that does not parse covers nothing and is covered by nothing.
    """
    short = len(specifier_text) <= LONGEST and len(version_text) <= LONGEST
    return short and _covers(specifier_text, version_text)


@lru_cache(maxsize=65536)
def _covers(specifier_text: str, version_text: str) -> bool:
    wanted, found = specifier(specifier_text), version(version_text)
    return wanted is not None and found is not None and wanted.contains(found, prereleases=True)


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
