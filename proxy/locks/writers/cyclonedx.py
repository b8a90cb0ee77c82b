"""CycloneDX 1.6 in JSON (ECMA-424), by ``cyclonedx-python-lib``: every version that is served, file by file."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component
from cyclonedx.output.json import JsonV1Dot6

from proxy.locks.writers.approved import ApprovedSet, Release
from proxy.locks.writers.libraries import hashed, library
from proxy.model import ReleaseFile
from proxy.simple.addresses import path_of


def write(approved: ApprovedSet) -> str:
    """Return the SBOM."""
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"{approved.index}#{approved.revision}"),
        metadata=BomMetaData(
            timestamp=approved.at,
            properties=[
                Property(name="wicketgate:index", value=approved.index),
                Property(name="wicketgate:revision", value=str(approved.revision)),
            ],
        ),
        components=[_component(release, approved.url) for release in approved.releases],
    )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(release: Release, url: str) -> Component:
    return library(release.project, release.version, files=[_reference(file, url) for file in release.files])


def _reference(file: ReleaseFile, url: str) -> ExternalReference:
    return ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"{url}/files{path_of(file.url)}"),
        hashes=[hashed(str(file.sha256))],
    )
