"""CycloneDX 1.6 (OWASP): the releases that were asked for, with the vulnerabilities known of them.

Decided here:

* A vulnerability stands once for each matter and release: under the id of its gravest record, the
  other ids as references.
* Its analysis says "not affected" only where every record of the matter is waived with a
  justification; a risk that was merely accepted stays exploitable, with the response "will not fix".
* The serial number follows from the contents: the same facts are the same document.

Importing this file needs the extra ``reports`` (cyclonedx-python-lib).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from cyclonedx.model import Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.impact_analysis import ImpactAnalysisJustification as Because
from cyclonedx.model.impact_analysis import ImpactAnalysisResponse, ImpactAnalysisState
from cyclonedx.model.tool import ToolRepository
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityAnalysis,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from proxy.reports.checked import Checked, Known, Result
from proxy.reports.purl import purl

_OURS: Final = uuid.UUID("0b9d3c52-6a0e-5d7e-8a55-0d5b7f6f2f11")
_JUSTIFICATIONS: Final[Mapping[str, Because]] = {
    "component_not_present": Because.CODE_NOT_PRESENT,
    "vulnerable_code_not_present": Because.CODE_NOT_PRESENT,
    "vulnerable_code_not_in_execute_path": Because.CODE_NOT_REACHABLE,
    "vulnerable_code_cannot_be_controlled_by_adversary": Because.REQUIRES_ENVIRONMENT,
    "inline_mitigations_already_exist": Because.PROTECTED_BY_MITIGATING_CONTROL,
}
"""OpenVEX's words, in which a waiver is justified, in CycloneDX's."""


def write(checked: Checked) -> bytes:
    """Return a bill of materials with vulnerabilities."""
    releases = {purl(result): result for result in checked.results}
    bom = Bom(
        serial_number=uuid.uuid5(_OURS, msgspec.json.encode(checked).decode()),
        metadata=_metadata(checked),
        components=[_component(name, result) for name, result in releases.items()],
        vulnerabilities=[found for name, result in releases.items() for found in _vulnerabilities(name, result)],
    )
    return (JsonV1Dot6(bom).output_as_string(indent=2) + "\n").encode()


def _metadata(checked: Checked) -> BomMetaData:
    tool = Component(name="wicketgate", type=ComponentType.APPLICATION, version=checked.tool or None)
    data = checked.advisory_data
    said = {
        "policy-revision": checked.revision,
        "advisory-data": data.sentence,
        "advisory-data:level": data.level,
        "advisory-data:records": data.records,
        "advisory-data:newest": data.newest and data.newest.isoformat(),
        "advisory-data:synced": data.synced and data.synced.isoformat(),
        "advisory-data:sha256": data.sha256,
    }
    return BomMetaData(
        timestamp=checked.at, tools=ToolRepository(components=[tool]), properties=list(_properties(said))
    )


def _component(name: str, result: Result) -> Component:
    refused = " ".join(f"{reason.sentence} {reason.next_step}".strip() for reason in result.refusals)
    return Component(
        name=result.name,
        type=ComponentType.LIBRARY,
        version=result.version,
        bom_ref=name,
        purl=PackageURL.from_string(name),
        properties=list(_properties({"verdict": result.verdict, "refused-because": refused})),
    )


def _vulnerabilities(name: str, result: Result) -> Iterator[Vulnerability]:
    matters: dict[frozenset[str], list[Known]] = {}
    for known in result.advisories:
        matters.setdefault(frozenset((known.id, *known.aliases)), []).append(known)
    return (_vulnerability(name, records) for records in matters.values())


def _vulnerability(name: str, records: Sequence[Known]) -> Vulnerability:
    gravest = records[0]
    said = {"effect": gravest.effect.value, "malicious": gravest.malicious or None, "fixed": gravest.fixed}
    return Vulnerability(
        bom_ref=f"{name}#{gravest.id}",
        id=gravest.id,
        source=_source(gravest.id),
        references=[VulnerabilityReference(id=alias, source=_source(alias)) for alias in gravest.aliases],
        ratings=[_rating(gravest)],
        description=gravest.summary or None,
        recommendation=gravest.next_step or None,
        affects=[BomTarget(ref=name)],
        analysis=_analysis(records),
        properties=list(_properties(said)),
    )


def _rating(known: Known) -> VulnerabilityRating:
    score = None if known.score is None else Decimal(str(known.score))
    return VulnerabilityRating(severity=VulnerabilitySeverity(known.severity), score=score)


def _source(identity: str) -> VulnerabilitySource:
    """Return whose name for a vulnerability this is."""
    if identity.startswith("CVE-"):
        return VulnerabilitySource(name="NVD", url=XsUri(f"https://nvd.nist.gov/vuln/detail/{identity}"))
    if identity.startswith("GHSA-"):
        return VulnerabilitySource(name="GitHub", url=XsUri(f"https://github.com/advisories/{identity}"))
    return VulnerabilitySource(name="OSV", url=XsUri(f"https://osv.dev/vulnerability/{identity}"))


def _analysis(records: Sequence[Known]) -> VulnerabilityAnalysis | None:
    """Return what the team said of a matter; None while a record of it is not waived."""
    waivers = [known.waiver for known in records if known.waiver]
    if len(waivers) < len(records):
        return None
    detail = " ".join(f"Waived until {w.until:%Y-%m-%d} by {w.by}, owned by {w.owner}: {w.reason}" for w in waivers)
    words = [waiver.justification for waiver in waivers]
    if all(words):
        because = _JUSTIFICATIONS[words[0]]
        return VulnerabilityAnalysis(state=ImpactAnalysisState.NOT_AFFECTED, justification=because, detail=detail)
    accepted = [ImpactAnalysisResponse.WILL_NOT_FIX]
    return VulnerabilityAnalysis(state=ImpactAnalysisState.EXPLOITABLE, responses=accepted, detail=detail)


def _properties(said: Mapping[str, object]) -> Iterator[Property]:
    return (Property(name=f"wicketgate:{name}", value=str(value)) for name, value in said.items() if value)
