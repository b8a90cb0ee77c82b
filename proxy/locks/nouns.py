"""What a lock, a requirements file or an SBOM says: projects pinned, addresses, and what cannot be read.

Everything says where it stands, so that whoever wrote the file finds it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from packaging.utils import NormalizedName

from proxy.policy.versions import pinned_by

AddressKind = Literal["index", "links", "code"]


@dataclass(frozen=True, slots=True)
class Where:
    """A place: the file as it was named, the line (from 1; 0 where the format gives none), and which entry."""

    file: str
    line: int = 0
    entry: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} ({self.entry})" if self.entry else place


@dataclass(frozen=True, slots=True)
class Locked:
    """One project as a file names it.

    ``specifier`` is a PEP 440 specifier set ("" is any version). ``sha256s`` are digests of files, lower-case hex,
    ``urls`` the addresses of files, without credentials and fragment. ``marker`` is a PEP 508 marker, where a
    requirement has one. ``direct``: the file names an address in place of an index.
    """

    project: NormalizedName
    specifier: str
    where: Where
    sha256s: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    marker: str = ""
    direct: bool = False

    @property
    def version(self) -> str:
        """The exact version that is named (canonical, PEP 440), "" where it is a range."""
        return pinned_by(self.specifier)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the file sends installers besides the files of projects: an index, a page of links, or foreign code."""

    url: str
    kind: AddressKind
    where: Where


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about one place."""

    where: Where
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file, and those that it includes, says.

    ``faults`` cannot be read; ``aside`` was read and is nothing that an index serves.
    """

    file: str
    kind: str
    locked: tuple[Locked, ...] = ()
    addresses: tuple[Address, ...] = ()
    faults: tuple[Remark, ...] = ()
    aside: tuple[Remark, ...] = ()
