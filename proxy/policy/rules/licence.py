"""Licences: where the terms list some, a file is served only under those (SPDX expressions).

A licence that is not known is an answer of its own, with a setting of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject
from proxy.policy.licences import accepts
from proxy.policy.snapshot import PolicySnapshot

STEP = "Choose another package, or talk to the security team: they keep the list of licences."


def licence(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Sequence[Finding]:
    """Forbid files under a licence that the terms do not accept, and say where none is known."""
    terms, file = snapshot.terms, subject.file
    if file is None or not terms.licences:
        return ()
    if not file.licence:
        effect = Effect.FORBID if terms.refuse_unknown_licence else Effect.ADVISE
        said = "has not been read" if file.licence is None else "does not say one that can be judged (SPDX)"
        return (Finding(Code.LICENCE_UNKNOWN, effect, f"The licence of {file.filename} is unknown: it {said}.", STEP),)
    if accepts(file.licence, terms.licences):
        return ()
    sentence = f"{file.filename} is licensed under {file.licence}, which is not accepted here."
    return (Finding(Code.LICENCE, Effect.FORBID, sentence, STEP, evidence={"licence": file.licence}),)


def unlicensed(
    files: Sequence[ReleaseFile], _project: NormalizedName, snapshot: PolicySnapshot, _at: datetime
) -> Sequence[ReleaseFile]:
    """Pick the files under a licence that the terms do not accept, or under none that is known."""
    licences = snapshot.terms.licences
    if not licences:
        return ()
    accepted = {text for text in {file.licence for file in files} if text and accepts(text, licences)}
    return [file for file in files if file.licence not in accepted]
