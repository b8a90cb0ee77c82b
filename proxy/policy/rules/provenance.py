"""Provenance: where the terms ask for it, a file must come with attestations (PEP 740), and from whom they say.

The gate reads what the index publishes about the publisher, and that it speaks of this very digest. It does not
verify the attestations' signatures: whoever controls the index can make them up. What this rule withholds is a
release that went round the project's own publishing, by a stolen password or token.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject, Terms
from proxy.policy.snapshot import PolicySnapshot

STEP = "Talk to the security team: the terms ask for provenance here."


def provenance(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files without provenance, or from another publisher, where the terms ask for it."""
    terms, file = snapshot.terms, subject.file
    if file is None or not is_asked_for(subject.project, terms):
        return ()
    wanted = terms.publishers.get(subject.project)
    if not file.publisher:
        return (Finding(Code.PROVENANCE, Effect.FORBID, _missing(file), STEP),)
    if not wanted or _is_by(file.publisher, wanted):
        return ()
    sentence = f"{file.filename} was published by {file.publisher}, and not by {wanted}."
    evidence = {"publisher": file.publisher, "wanted": wanted}
    return (Finding(Code.PROVENANCE, Effect.FORBID, sentence, STEP, evidence=evidence),)


def unvouched(
    files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, _at: datetime
) -> Sequence[ReleaseFile]:
    """Pick the files without provenance, or from another publisher, where the terms ask for it."""
    if not is_asked_for(project, snapshot.terms):
        return ()
    wanted = snapshot.terms.publishers.get(project)
    found = {file.publisher for file in files}
    vouched = {publisher for publisher in found if publisher and (not wanted or _is_by(publisher, wanted))}
    return [file for file in files if file.publisher not in vouched]


def _is_by(publisher: str, wanted: str) -> bool:
    return wanted.casefold() in publisher.casefold().split(", ")


def is_asked_for(project: str, terms: Terms) -> bool:
    """Whether the terms ask for provenance of a project's files: by a pattern, or by naming its publisher."""
    if not terms.provenance:  # as a rule, and asked once a file
        return project in terms.publishers
    return project in terms.publishers or any(fnmatchcase(project, pattern) for pattern in terms.provenance)


def _missing(file: ReleaseFile) -> str:
    if file.provenance is None:
        return f"{file.filename} comes without provenance (PEP 740)."
    if file.publisher is None:
        return f"The provenance of {file.filename} has not been read."
    return f"The provenance of {file.filename} does not speak of this file, or names no publisher."
