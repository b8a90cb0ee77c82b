"""The answer to "why?", as plain data: the same for the terminal, the API and the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import NotRequired

from typing_extensions import TypedDict

from proxy.model import Code, Effect, Finding, Unreadable, Verdict
from proxy.policy import age, telling
from proxy.policy.listing import Composition
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import version

WITHHELD_AT_MOST = 50
"""How many withheld versions an explanation of a whole project lists, the newest first; and how many odd rows."""

UNASKED = "Whether it exists is not known here: the gate does not ask the index for names that nobody approved."

_AFTER_REFUSALS = (Effect.OBSERVE, Effect.PERMIT, Effect.ADVISE)
_OF_THE_DATA = {Code.ADVISORIES_UNKNOWN, Code.ADVISORIES_STALE, Code.ADVISORIES_OLD, Code.ADVISORIES_FRESH}

Data = dict[str, object]


class ReasonData(TypedDict):
    """One finding: its code, what it does ("permit", "forbid", "observe" or "advise"), why, and what to do about it."""

    code: str
    effect: str
    sentence: str
    next_step: str
    until: str | None
    evidence: dict[str, str]


class FeedData(TypedDict):
    """How much advisory data there is, from where, and how old it is (hours). ``source`` is None for none."""

    level: str
    sentence: str
    source: str | None
    records: int
    newest: NotRequired[str]
    synced: NotRequired[str]
    age_hours: NotRequired[int]
    sync_age_hours: NotRequired[int]
    sha256: NotRequired[str]


def reason(finding: Finding) -> ReasonData:
    """Return one finding as JSON data."""
    return {
        "code": finding.code.value,
        "effect": finding.effect.value,
        "sentence": finding.sentence,
        "next_step": finding.next_step,
        "until": finding.until.isoformat() if finding.until else None,
        "evidence": dict(finding.evidence),
    }


def reasons(verdict: Verdict) -> list[ReasonData]:
    """Return what a verdict stands on: refusals first, the gravest of them at the top, and advice last."""
    others = [finding for effect in _AFTER_REFUSALS for finding in verdict.findings if finding.effect is effect]
    return [reason(finding) for finding in (*telling.weighed(verdict), *others)]


def advisories(verdict: Verdict) -> list[Data]:
    """Return what is known against a version, waived or not, the gravest first."""
    return [_advisory(finding) for finding in verdict.findings if "advisory" in finding.evidence]


def _advisory(finding: Finding) -> Data:
    said = finding.evidence
    return {
        "id": said["advisory"],
        "aliases": said["aliases"].split(),
        "severity": said["severity"],
        "score": float(said["score"]) if said["score"] else None,
        "malicious": finding.code is Code.MALWARE,
        "summary": said["summary"],
        "fixed": said["fixed"] or None,
        "effect": finding.effect.value,
        "next_step": finding.next_step,
        "waiver": {name: said[name] for name in _OF_A_WAIVER} if finding.code is Code.WAIVED else None,
    }


_OF_A_WAIVER = ("by", "owner", "until", "reason", "justification")


def explanation(composition: Composition, wanted: str | None = None, *, asked: bool = True) -> Data:
    """Explain a project, or one version of it with every reason and every file.

    A project whose name is allowed and of which nothing is served is refused, by what is said of its newest version.
    ``asked`` is whether the index is asked for the project; ``remark`` says what that leaves unknown. How old the
    advisory data is stands beside an explanation (:func:`feed_data`), and is a reason here only where it refuses.
    """
    whole = composition.verdict
    allowed = _distinct(judged.file.version for judged in composition.allowed)
    data: Data = {
        "project": whole.subject.project,
        "status": composition.status,
        "revision": whole.revision,
        "allowed": whole.allowed,
        "reasons": _reasons(whole),
        "remark": UNASKED if not asked and not composition.files and _is_unapproved(whole) else "",
        "allowed_versions": allowed,
        "unreadable": _unreadable(composition.unreadable),
    }
    if wanted is None:
        withheld = list(composition.withheld.items())
        if whole.allowed and withheld and not allowed:
            data |= {"allowed": False, "reasons": _reasons(withheld[0][1].verdict)}
        data["withheld_versions"] = [
            {"version": found, "reasons": reasons(judged.verdict)} for found, judged in withheld[:WITHHELD_AT_MOST]
        ]
        data["withheld_more"] = max(len(withheld) - WITHHELD_AT_MOST, 0)
    else:
        data |= _of_version(composition, wanted)
    return data


def _reasons(verdict: Verdict) -> list[ReasonData]:
    return [said for said in reasons(verdict) if said["code"] not in _OF_THE_DATA or said["effect"] != Effect.ADVISE]


def _is_unapproved(whole: Verdict) -> bool:
    return {finding.code for finding in whole.refusals} == {Code.NOT_APPROVED}


def _unreadable(rows: Iterable[Unreadable]) -> list[Data]:
    return [{"filename": row.filename, "problem": row.problem} for row in islice(rows, WITHHELD_AT_MOST)]


def _names(row: Unreadable, text: str) -> bool:
    """Whether a row that is no file names this version, as a word of its own: a-1.0.exe names 1.0, a-1.0.1.exe not."""
    return re.search(rf"(?<![0-9.]){re.escape(text)}(?![0-9a-z]|\.(?:[0-9]|post|dev))", row.filename) is not None


def feed_data(snapshot: PolicySnapshot, at: datetime) -> FeedData:
    """Return the state of the advisory data, its ages in whole hours: it stands on every report."""
    feed = snapshot.feed
    judged = age.age(feed, snapshot.terms, at)
    sentence = age.sentence(feed, snapshot.terms, at)
    if feed is None:
        return {"level": judged.level, "sentence": sentence, "source": None, "records": 0}
    return {
        "level": judged.level,
        "sentence": sentence,
        "source": feed.source,
        "records": feed.records,
        "newest": feed.newest.isoformat(),
        "synced": feed.synced.isoformat(),
        "age_hours": _hours(at - feed.newest),
        "sync_age_hours": _hours(at - feed.synced),
        "sha256": feed.sha256,
    }


def _hours(time: timedelta) -> int:
    return int(time.total_seconds() // 3600)


def _of_version(composition: Composition, wanted: str) -> Data:
    asked = version(wanted)
    listed = (judged.file.version for judged in composition.files)
    text = next((found for found in listed if version(found) == asked), str(asked)) if asked else wanted
    files = [judged for judged in composition.files if judged.file.version == text]
    withheld = composition.withheld.get(text)
    verdict = withheld.verdict if withheld else next((f.verdict for f in files if f.verdict.allowed), None)
    whole = composition.verdict
    return {
        "version": text,
        "allowed": verdict.allowed if verdict else False,
        "known": verdict is not None or not whole.allowed,
        "reasons": _reasons(verdict or whole) if verdict or not whole.allowed else [],
        "unreadable": _unreadable(row for row in composition.unreadable if _names(row, text)),
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
