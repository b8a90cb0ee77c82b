"""A check with one of everything: refused by an advisory, waived in two ways, malware, unknown, allowed."""

from __future__ import annotations

from typing import Any

from proxy.reports import Checked, read

AT = "2026-06-01T12:00:00+00:00"
DATA: dict[str, Any] = {
    "level": "old",
    "sentence": "OLD: 8895 records from osv, the newest 30 hours old, taken in 0 minutes ago, SHA-256 abababababab.",
    "source": "osv",
    "records": 8895,
    "newest": "2026-05-31T06:00:00+00:00",
    "synced": AT,
    "age_hours": 30,
    "sync_age_hours": 0,
    "sha256": "ab" * 32,
}


def known(identity: str, **facts: Any) -> dict[str, Any]:
    """An advisory as the gate tells of it."""
    return {
        "id": identity,
        "aliases": [],
        "severity": "high",
        "score": 7.5,
        "malicious": False,
        "summary": f"{identity} is bad.",
        "fixed": "2.3.2",
        "effect": "forbid",
        "next_step": "Use 2.3.2 or later.",
        "waiver": None,
        **facts,
    }


def waived(identity: str, justification: str = "", **facts: Any) -> dict[str, Any]:
    """An advisory that somebody set aside."""
    waiver = {
        "by": "ada",
        "owner": "billing",
        "until": "2026-07-01T12:00:00+00:00",
        "reason": "not reachable",
        "justification": justification,
    }
    return known(identity, effect="advise", waiver=waiver, **facts)


def reason(identity: str, code: str = "vulnerable", **evidence: str) -> dict[str, Any]:
    """The refusal that an advisory leads to."""
    return {
        "code": code,
        "effect": "forbid",
        "sentence": f"flask 2.3.1 has a known vulnerability: {identity}.",
        "next_step": "Use 2.3.2 or later.",
        "until": None,
        "evidence": {"advisory": identity, "aliases": "", "score": "7.5", "summary": f"{identity} is bad.", **evidence},
    }


def result(name: str, verdict: str = "allowed", version: str | None = "1.0", **facts: Any) -> dict[str, Any]:
    """What the gate said to a requirement."""
    return {
        "name": name,
        "specifier": f"=={version}" if version else "",
        "verdict": verdict,
        "version": version,
        "reasons": [],
        "advisories": [],
        **facts,
    }


RESULTS = [
    result(
        "flask",
        "refused",
        "2.3.1",
        reasons=[
            reason("GHSA-1", aliases="CVE-1 PYSEC-1"),
            reason("PYSEC-1", aliases="CVE-1 GHSA-1"),
            reason("PYSEC-2", score=""),
            {"code": "too-new", "effect": "forbid", "sentence": "It is too new.", "next_step": "Wait."},
        ],
        advisories=[
            known("GHSA-1", aliases=["CVE-1", "PYSEC-1"]),
            known("PYSEC-1", aliases=["CVE-1", "GHSA-1"]),
            known("PYSEC-2", severity="unknown", score=None),
        ],
    ),
    result(
        "Evil_Pkg",
        "refused",
        "1!1.0+x",
        advisories=[known("MAL-1", malicious=True, severity="unknown", score=None)],
        reasons=[reason("MAL-1", "malware")],
    ),
    result("waived", advisories=[waived("PYSEC-3", "vulnerable_code_not_in_execute_path"), waived("PYSEC-4")]),
    result(
        "half",
        advisories=[
            waived("PYSEC-5", "component_not_present", aliases=["GHSA-5"]),
            known("GHSA-5", aliases=["PYSEC-5"], effect="advise"),
        ],
    ),
    result("away", "unknown", None, reasons=[{"sentence": "The index does not answer."}]),
    result("fine"),
]
PLACES = [("req.txt", 3), ("sub dir/req.txt", 1), ("", 0), ("", 0), ("/srv/req.txt", 9), ("", 0)]


def checked(results: list[dict[str, Any]] | None = None, places: list[tuple[str, int]] | None = None) -> Checked:
    """A check as a report reads it."""
    told = RESULTS if results is None else results
    where = (PLACES if results is None else [("", 0)] * len(results)) if places is None else places
    placed = [{**result, "file": file, "line": line} for result, (file, line) in zip(told, where, strict=True)]
    answer = {"at": AT, "revision": 7, "advisory_data": DATA, "results": placed}
    return read({**answer, "unreadable": ["req.txt:5: -e . cannot be judged"] if results is None else []}, "1.2.3")
