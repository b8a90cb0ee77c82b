"""Known vulnerabilities and malware (OSV records) withhold the versions they affect.

Malware refuses, unless two people dispute the report in a waiver. A vulnerability refuses from the
severity in the terms upwards; a waiver, which names one advisory and ends, turns that refusal into
advice. Advisories that are aliases of each other are one matter, yet a waiver counts for the id it
names alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject, Terms, Waiver
from proxy.policy import disputes
from proxy.policy.ranges import Match
from proxy.policy.severity import RATINGS
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import covers


def advisories(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Iterator[Finding]:
    """Give a finding for each advisory that matches the version."""
    if subject.version is None:
        return
    matches = snapshot.advisories.match(subject.project, subject.version)
    clear = snapshot.advisories.clear_above(subject.project, subject.version) if matches else None
    waivers = snapshot.waivers.get(subject.project, ())
    for match in matches:
        waiver = _waiver(match, subject, waivers, at) if waivers else None
        if match.malicious:
            yield _disputed(match, waiver) if waiver and waiver.second else _malware(match, subject)
        elif waiver:
            yield _waived(match, waiver)
        else:
            yield _vulnerable(match, subject, snapshot.terms, clear)


def _waiver(match: Match, subject: Subject, waivers: Iterable[Waiver], at: datetime) -> Waiver | None:
    for waiver in waivers:
        if waiver.advisory == match.id and at < waiver.until and covers(waiver.specifier, subject.version or ""):
            return waiver
    return None


def _malware(match: Match, subject: Subject) -> Finding:
    return Finding(
        Code.MALWARE,
        Effect.FORBID,
        f"{subject.project} {subject.version} is reported as malware ({match.id}).",
        "Do not install it from elsewhere either. Tell the security team if you already have it.",
        evidence=_evidence(match),
    )


def _waived(match: Match, waiver: Waiver) -> Finding:
    evidence = {
        **_evidence(match),
        "waiver": waiver.id,
        "by": waiver.by,
        "owner": waiver.owner or waiver.by,
        "until": waiver.until.isoformat(),
        "reason": waiver.reason,
        "justification": waiver.justification,
    }
    sentence = f"{match.id} is waived until {waiver.until:%Y-%m-%d}: {waiver.reason}"
    return Finding(Code.WAIVED, Effect.ADVISE, sentence, until=waiver.until, evidence=evidence)


def _disputed(match: Match, waiver: Waiver) -> Finding:
    """One waiver of two people; one person's, given while the advisory spoke of a weakness, does not do."""
    sentence = disputes.sentence(waiver)
    evidence = {"advisory": match.id, "waiver": waiver.id, "by": waiver.by, "second": waiver.second}
    return Finding(Code.WAIVED, Effect.ADVISE, sentence, until=waiver.until, evidence=evidence)


def _vulnerable(match: Match, subject: Subject, terms: Terms, clear: str | None) -> Finding:
    return Finding(
        Code.VULNERABLE,
        Effect.FORBID if _refuses(match, terms) else Effect.ADVISE,
        f"{subject.project} {subject.version} has a known vulnerability: {match.id} ({_how_bad(match)}).",
        _way_out(match, clear),
        evidence=_evidence(match),
    )


def _way_out(match: Match, clear: str | None) -> str:
    """Name the lowest fixed version that nothing affects: one that another advisory withholds helps nobody."""
    if clear:
        return f"Use {clear} or later."
    if match.fixed:
        return f"It is fixed in {match.fixed}, which other advisories affect."
    return "No fixed version is known."


def _evidence(match: Match) -> dict[str, str]:
    """Return what is known of an advisory as flat text; ``aliases`` are separated by blanks."""
    return {
        "advisory": match.id,
        "aliases": " ".join([name for name in match.group if name != match.id]),
        "severity": match.severity.rating,
        "score": "" if match.severity.score is None else f"{match.severity.score:.1f}",
        "fixed": match.fixed or "",
        "summary": match.summary,
    }


def _refuses(match: Match, terms: Terms) -> bool:
    rating = match.severity.rating
    if rating == "unknown":
        return terms.refuse_unknown_severity
    return RATINGS[rating] >= RATINGS[terms.refuse_severity]


def _how_bad(match: Match) -> str:
    rating, score = match.severity.rating, match.severity.score
    return f"severity {rating}" if score is None else f"severity {rating}, CVSS {score:.1f}"
