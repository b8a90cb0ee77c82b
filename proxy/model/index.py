"""What an index lists: files, and the pages that list them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from packaging.utils import NormalizedName

Kind = Literal["wheel", "sdist", "legacy"]


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release, as an index page lists it and as an approval freezes it.

    ``version`` is the canonical text of the version in the file's own name (PEP 440). ``url`` is
    absolute and the upstream's. ``yanked`` is None, or the reason, which may be empty (PEP 592).
    ``metadata`` is the digest of the ``.metadata`` file, "" where the upstream has one without
    saying its digest, None where nothing is known of it (PEP 658, PEP 714).

    ``kind`` is "legacy" for formats that installers hardly take any more (.tar.bz2, .zip, .egg …).
    ``licence`` is the SPDX expression of its metadata, "" where that names none, None where nobody looked.
    ``provenance`` is the address of its attestations (PEP 740), ``publisher`` who they say published it, ""
    where they say nothing usable, None where nobody looked. ``contradiction`` is a sentence: what in the file
    or beside it contradicts its name; "" where nothing is known to.
    """

    filename: str
    version: str
    kind: Kind
    url: str
    sha256: str | None
    size: int | None = None
    upload_time: datetime | None = None
    requires_python: str | None = None
    yanked: str | None = None
    metadata: str | None = None
    provenance: str | None = None
    licence: str | None = None
    publisher: str | None = None
    contradiction: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of an index page that is never served: what it was called and what is wrong with it.

    ``inconsistent``: it can be read, and contradicts itself or its page; somebody should hear of that.
    """

    filename: str
    problem: str
    inconsistent: bool = False


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One project as an index lists it (PEP 691), every file readable and of this project.

    ``status`` is the PEP 792 marker ("active" where none was given).
    """

    project: NormalizedName
    files: tuple[ReleaseFile, ...]
    unreadable: tuple[Unreadable, ...] = ()
    status: str = "active"
    status_reason: str | None = None
