"""What the gate learnt of files beyond their pages: licence, publisher, and what contradicts their names.

Kept in memory, by name and digest, within bounds: what was forgotten is learnt again. What an approval needs for
good is pinned in the approval itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName

from proxy.model import ReleaseFile

PROJECTS_AT_MOST = 5_000
FILES_AT_MOST = 2_000
"""Files of one project; what was learnt first is forgotten first."""

Key = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one file; None, or "" for the contradiction, where nothing is."""

    licence: str | None = None
    publisher: str | None = None
    contradiction: str = ""


class Learnt:
    """What was learnt, by project and file."""

    def __init__(self) -> None:
        self._of: OrderedDict[NormalizedName, dict[Key, Known]] = OrderedDict()
        self._moves: OrderedDict[NormalizedName, int] = OrderedDict()

    def add(
        self,
        project: NormalizedName,
        file: ReleaseFile,
        *,
        licence: str | None = None,
        publisher: str | None = None,
        contradiction: str = "",
    ) -> None:
        """Add facts of a file to those that are known; what is not given stays as it is."""
        files = self._of.setdefault(project, {})
        self._of.move_to_end(project)
        old = files.pop(_key(file), Known())
        files[_key(file)] = Known(
            old.licence if licence is None else licence,
            old.publisher if publisher is None else publisher,
            contradiction or old.contradiction,
        )
        if len(files) > FILES_AT_MOST:
            del files[next(iter(files))]
        if len(self._of) > PROJECTS_AT_MOST:
            self._of.popitem(last=False)

    def laid_over(self, project: NormalizedName, files: Iterable[ReleaseFile]) -> tuple[ReleaseFile, ...]:
        """Return the files with what was learnt of them where they do not say it themselves."""
        known = self._of.get(project)
        return tuple(files) if not known else tuple(_with(file, known.get(_key(file))) for file in files)

    def unsettle(self, project: NormalizedName) -> None:
        """Say that whatever was composed of a project before is not right any more."""
        self._moves[project] = self.moves(project) + 1
        self._moves.move_to_end(project)
        if len(self._moves) > PROJECTS_AT_MOST:
            self._moves.popitem(last=False)

    def moves(self, project: NormalizedName) -> int:
        """Return how often a project was unsettled."""
        return self._moves.get(project, 0)


def _key(file: ReleaseFile) -> Key:
    return file.filename, file.sha256


def _with(file: ReleaseFile, known: Known | None) -> ReleaseFile:
    if known is None:
        return file
    return replace(
        file,
        licence=known.licence if file.licence is None else file.licence,
        publisher=known.publisher if file.publisher is None else file.publisher,
        contradiction=file.contradiction or known.contradiction,
    )
