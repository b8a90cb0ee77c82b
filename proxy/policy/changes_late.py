"""Late files come to the inbox and leave it; none of this moves a verdict (an approval does, see :mod:`.changes`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from proxy.model import Change, LateFile


def note(files: Iterable[LateFile]) -> Change:
    """Put files that were added to an approved version into the inbox."""
    noted = tuple(files)
    count = "A file was" if len(noted) == 1 else f"{len(noted)} files were"
    return _change("file:late:noted", noted, f"{count} added after the approval of their version")


def decline(files: Iterable[LateFile], reason: str) -> Change:
    """Take late files out of the inbox for good, without approving them."""
    declined = tuple(replace(late, declined=reason) for late in files)
    return _change("file:late:declined", declined, reason)


def _change(tag: str, files: tuple[LateFile, ...], reason: str) -> Change:
    projects = " ".join(dict.fromkeys(late.project for late in files))
    detail = {"files": [[late.file.filename, late.file.sha256, late.differs] for late in files]}
    return Change(tag, projects, reason, puts=files, detail=detail, policy=False)
