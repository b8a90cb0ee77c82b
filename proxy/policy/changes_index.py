"""What the index says of a project as a whole, put into force and ended by the gate itself."""

from __future__ import annotations

from datetime import datetime

from proxy.model import Change, ProjectPage, Quarantine


def quarantine(page: ProjectPage, at: datetime) -> Change:
    """Withhold a project that the index quarantined, until the index says otherwise."""
    entry = Quarantine(f"quarantine:{page.project}", page.project, page.status_reason or "", at)
    why = f": {entry.reason}" if entry.reason else ""
    sentence = f"The index quarantined {page.project}, which is withheld until it says otherwise{why}"
    return Change("project:quarantine:noted", page.project, sentence, puts=(entry,))


def release(noted: Quarantine) -> Change:
    """Serve a project again that the index lists with files and without a quarantine."""
    sentence = f"The index lists {noted.project} again, without the quarantine of {noted.at:%Y-%m-%d}"
    return Change("project:quarantine:lifted", noted.project, sentence, ends=(noted.id,))
