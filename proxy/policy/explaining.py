"""The answer to "why?", as plain data: the same for the terminal, the API and the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from proxy.model import Effect, FeedState, Finding, Verdict
from proxy.policy import telling
from proxy.policy.listing import Composition
from proxy.policy.versions import covers, version

WITHHELD_AT_MOST = 50
"""How many withheld versions an explanation of a whole project lists, the newest first; and how many odd rows."""

Data = dict[str, object]


def reason(finding: Finding) -> Data:
    """Return one finding as JSON data."""
    return {
        "code": finding.code.value,
        "effect": finding.effect.value,
        "sentence": finding.sentence,
        "next_step": finding.next_step,
        "until": finding.until.isoformat() if finding.until else None,
        "evidence": dict(finding.evidence),
    }


def reasons(verdict: Verdict) -> list[Data]:
    """Return what a verdict stands on, refusals first and the gravest of them at the top."""
    others = [finding for finding in verdict.findings if finding.effect is not Effect.FORBID]
    return [reason(finding) for finding in (*telling.weighed(verdict), *others)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says to a requirement: the version that would be installed, or why none would.

    ``known`` is False where no version is known at all, so that nothing could be judged.
    """

    allowed: bool
    version: str | None
    verdict: Verdict
    known: bool = True


def answer(composition: Composition, specifier: str) -> Answer:
    """Say what an installer would get for ``specifier`` ("" for any version)."""
    whole = composition.verdict
    if not whole.allowed:
        return Answer(False, None, whole)
    for judged in composition.allowed:
        if covers(specifier, judged.file.version):
            return Answer(True, judged.file.version, judged.verdict)
    for found, judged in composition.withheld.items():
        if covers(specifier, found):
            return Answer(False, found, judged.verdict)
    return Answer(False, None, whole, known=False)


def explanation(composition: Composition, wanted: str | None = None) -> Data:
    """Explain a project, or one version of it with every reason and every file."""
    whole = composition.verdict
    allowed = _distinct(judged.file.version for judged in composition.allowed)
    data: Data = {
        "project": whole.subject.project,
        "status": composition.status,
        "revision": whole.revision,
        "allowed": whole.allowed,
        "reasons": reasons(whole),
        "allowed_versions": allowed,
        "unreadable": [
            {"filename": row.filename, "problem": row.problem} for row in composition.unreadable[:WITHHELD_AT_MOST]
        ],
    }
    if wanted is None:
        withheld = list(composition.withheld.items())
        data["withheld_versions"] = [
            {"version": found, "reasons": reasons(judged.verdict)} for found, judged in withheld[:WITHHELD_AT_MOST]
        ]
        data["withheld_more"] = max(len(withheld) - WITHHELD_AT_MOST, 0)
    else:
        data |= _of_version(composition, wanted)
    return data


def feed_data(feed: FeedState | None, at: datetime) -> Data:
    """Return the state of the advisory data, with its age in whole hours: it stands on every report."""
    if feed is None:
        return {"records": 0, "source": None}
    return {
        "source": feed.source,
        "records": feed.records,
        "newest": feed.newest.isoformat(),
        "synced": feed.synced.isoformat(),
        "age_hours": int((at - feed.newest).total_seconds() // 3600),
        "sha256": feed.sha256,
    }


def _of_version(composition: Composition, wanted: str) -> Data:
    asked = version(wanted)
    text = str(asked) if asked else wanted
    files = [judged for judged in composition.files if judged.file.version == text]
    withheld = composition.withheld.get(text)
    verdict = withheld.verdict if withheld else next((f.verdict for f in files if f.verdict.allowed), None)
    whole = composition.verdict
    return {
        "version": text,
        "allowed": verdict.allowed if verdict else False,
        "known": verdict is not None or not whole.allowed,
        "reasons": reasons(verdict or whole) if verdict or not whole.allowed else [],
        "files": [
            {
                "filename": judged.file.filename,
                "allowed": judged.verdict.allowed,
                "licence": judged.file.licence,
                "publisher": judged.file.publisher,
                "reasons": reasons(judged.verdict),
            }
            for judged in files
        ],
    }


def _distinct(versions: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(versions))
