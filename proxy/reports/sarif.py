"""SARIF 2.1.0 (OASIS): what is refused, at the line that asks for it.

Decided here:

* Each reason of a refusal is a result. Its rule is the advisory's id where there is one, so that a
  viewer counts advisories, and else the reason's code; several ids of one matter are one result.
* What could not be judged is a notification of the run, which then did not succeed: it is neither a
  finding nor silence.
* Paths are as they were given, so that a viewer finds them in the checkout.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

import msgspec

from proxy.reports.checked import Checked, Detour, Reason, Result

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

DETOUR: Final = "goes-round-the-gate"

Data = dict[str, object]
Refusal = tuple[Result, Reason]


def write(checked: Checked) -> bytes:
    """Return a SARIF log with one run."""
    refusals = [(result, reason) for result in checked.results for reason in _reasons(result)]
    run = {
        "tool": {"driver": _driver(checked, refusals)},
        "invocations": [_invocation(checked)],
        "results": [*(_result(*refusal) for refusal in refusals), *map(_detour, checked.detours)],
        "properties": {
            "policyRevision": checked.revision,
            "advisoryData": msgspec.to_builtins(checked.advisory_data),
        },
    }
    return (json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n").encode()


def _reasons(result: Result) -> Iterator[Reason]:
    """Yield the reasons against a refused requirement, one for each matter."""
    told: set[str] = set()
    for reason in result.refusals if result.verdict == "refused" else ():
        identity = reason.evidence.get("advisory")
        if identity is None or identity not in told:
            yield reason
        if identity is not None:
            told |= {identity, *reason.evidence.get("aliases", "").split()}


def _driver(checked: Checked, refusals: list[Refusal]) -> Data:
    rules = {_rule_id(reason): reason for _, reason in refusals}
    if checked.detours:
        rules[DETOUR] = Reason(sentence="", code=DETOUR)
    driver: Data = {"name": "wicketgate", "rules": [_rule(name, reason) for name, reason in sorted(rules.items())]}
    return driver | ({"version": checked.tool} if checked.tool else {})


def _rule_id(reason: Reason) -> str:
    return reason.evidence.get("advisory") or reason.code or "refused"


def _rule(name: str, reason: Reason) -> Data:
    summary = reason.evidence.get("summary") or reason.code.replace("-", " ") or "refused"
    properties: Data = {"tags": ["security"]}
    if reason.evidence.get("score"):
        properties["security-severity"] = reason.evidence["score"]
    return {"id": name, "shortDescription": {"text": summary}, "properties": properties}


def _result(result: Result, reason: Reason) -> Data:
    text = f"{result.requirement} is refused: {reason.sentence} {reason.next_step}".strip()
    found: Data = {"ruleId": _rule_id(reason), "level": "error", "message": {"text": text}}
    return found | ({"locations": [_location(result)]} if result.file else {})


def _detour(detour: Detour) -> Data:
    instead = f" Write {detour.instead} instead." if detour.instead else ""
    text = f"{detour.url} goes round the gate.{instead}"
    found: Data = {"ruleId": DETOUR, "level": "error", "message": {"text": text}}
    return found | ({"locations": [_location(detour)]} if detour.file else {})


def _location(result: Result | Detour) -> Data:
    path = quote(result.file.replace("\\", "/"))
    place: Data = {"artifactLocation": {"uri": f"file://{path}" if path.startswith("/") else path}}
    return {"physicalLocation": place | ({"region": {"startLine": result.line}} if result.line else {})}


def _invocation(checked: Checked) -> Data:
    untold = [_notification(text) for text in _unjudged(checked)]
    return {
        "executionSuccessful": not untold,
        "endTimeUtc": f"{checked.at:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": untold,
    }


def _unjudged(checked: Checked) -> Iterator[str]:
    for result in checked.results:
        if result.verdict == "unknown":
            yield f"{result.requirement} could not be judged: {' '.join(reason.sentence for reason in result.reasons)}"
    yield from checked.unreadable


def _notification(text: str) -> Data:
    return {"level": "error", "message": {"text": text}}
