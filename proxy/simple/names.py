"""Names of projects and of files: checked text on the way in, proof on the way out.

Decided here:

* Everything is ASCII before anything is lower-cased: KELVIN SIGN and fullwidth letters do not become
  another project's name.
* A file's name must say the project whose page lists it. What does not parse is refused, not guessed.
* Every judgement is that of ``packaging``; this file only takes a name apart at its dashes and
  remembers the answers for the parts, which repeat: 5,000 files have few distinct versions and tags.

This file must not know where a name came from, nor whether anybody may have it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod

from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from proxy.model import Kind

NAME_AT_MOST = 128
FILENAME_AT_MOST = 256
VERSION_AT_MOST = 128
TAGS_AT_MOST = 512
"""How many single tags a compressed one may stand for (PEP 425): a long name can spell 60,000."""

ANOTHER_PROJECT = "Its name says another project."
"""What is wrong with a file that can be read, and stands on the wrong page."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PART = re.compile(r"[A-Za-z0-9._+!-]+")
_SUFFIXES: tuple[tuple[str, Kind], ...] = (
    (".tar.gz", "sdist"),
    (".zip", "legacy"),
    (".tar.bz2", "legacy"),
    (".tar.xz", "legacy"),
    (".tgz", "legacy"),
)
"""Source archives that installers take; PEP 625 knows the first alone. Eggs and installers are none."""


def normal(text: str) -> NormalizedName | None:
    """Return the normalised form (PEP 503) of a project name (PEP 508), None where it is not one."""
    if len(text) > NAME_AT_MOST or not _NAME.fullmatch(text):
        return None
    return canonicalize_name(text)


def is_normal(text: str) -> bool:
    """Whether ``text`` is a project name in its normalised form."""
    return normal(text) == text


def read_filename(filename: str, project: NormalizedName) -> tuple[str, Kind] | str:
    """Return the canonical version (PEP 440) and the kind that a file of ``project`` says by its name.

    Wheels follow PEP 427, sdists PEP 625 and the older spellings of the project's name; source archives
    of other formats are legacy. Anything else, and a file of another project, gives a sentence saying what is wrong.
    """
    read = _read(filename)
    if isinstance(read, str):
        return read
    name, version, kind = read
    return (version, kind) if name == project else ANOTHER_PROJECT


def project_of(filename: str) -> NormalizedName | None:
    """Return the project that a well-formed wheel or sdist name says, None for any other text."""
    return _project_of(filename) if len(filename) <= FILENAME_AT_MOST else None


@lru_cache(maxsize=16384)
def _project_of(filename: str) -> NormalizedName | None:
    read = _read(filename)
    return None if isinstance(read, str) else read[0]


def _read(filename: str) -> tuple[NormalizedName, str, Kind] | str:
    if len(filename) > FILENAME_AT_MOST:
        return f"Its name is longer than {FILENAME_AT_MOST} characters."
    if filename.endswith(".whl"):
        return _read_wheel(filename.removesuffix(".whl"))
    for suffix, kind in _SUFFIXES:
        if filename.endswith(suffix):
            return _read_sdist(filename.removesuffix(suffix), kind)
    return "It is neither a wheel (.whl) nor a source archive (.tar.gz)."


def _read_wheel(stem: str) -> tuple[NormalizedName, str, Kind] | str:
    # Neither a name nor a version has a dash in a wheel's name, so the first two dashes end them.
    name_part, _, rest = stem.partition("-")
    version_part, _, tail = rest.partition("-")
    name, version = _wheel_project(name_part), _canonical(version_part)
    if name is None:
        return "Its name does not begin with the name of a project."
    if version is None:
        return "Its version cannot be read (PEP 440)."
    return (name, version, "wheel") if _is_tail(tail) else "Its tags cannot be read (PEP 427)."


def _read_sdist(stem: str, kind: Kind) -> tuple[NormalizedName, str, Kind] | str:
    # A version has no dash, so the last one ends the name: "foo-1.0-1" is version 1 of "foo-1.0".
    name_part, _, version_part = stem.rpartition("-")
    name, version = _sdist_project(name_part), _canonical(version_part)
    if name is None:
        return "Its name does not begin with the name of a project."
    return (name, version, kind) if version else "Its version cannot be read (PEP 440)."


_sdist_project = lru_cache(maxsize=4096)(normal)


@lru_cache(maxsize=4096)
def _wheel_project(part: str) -> NormalizedName | None:
    name = normal(part)
    return name if name and _packaging_reads(f"{part}-0-py3-none-any.whl") else None


@lru_cache(maxsize=16384)
def _canonical(part: str) -> str | None:
    if len(part) > VERSION_AT_MOST or not _PART.fullmatch(part):
        return None
    try:
        return str(Version(part))
    except InvalidVersion:
        return None


@lru_cache(maxsize=16384)
def _is_tail(part: str) -> bool:
    """Whether ``part`` may end a wheel's name: an optional build number and the three tags."""
    tags = prod(1 + tag.count(".") for tag in part.split("-")[-3:])
    return tags <= TAGS_AT_MOST and bool(_PART.fullmatch(part)) and _packaging_reads(f"x-0-{part}.whl")


def _packaging_reads(filename: str) -> bool:
    try:
        parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False
    return True
