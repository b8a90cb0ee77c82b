"""What a lock pins as a CycloneDX 1.6 document: the bill of materials of whatever is installed from it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

from proxy.locks.nouns import Locked
from proxy.locks.writers.libraries import library


def write(pins: Iterable[Locked], name: str, version: str) -> str:
    """Return the document for something of a name and a version. A pin without a version is left out.

    The same pins give the same bytes: it has no time, and its serial number is made of what is in it.
    """
    components = [library(pin.project, pin.version, sha256s=pin.sha256s) for pin in pins if pin.version]
    subject = Component(name=name, version=version, type=ComponentType.APPLICATION, bom_ref=f"{name}@{version}")
    content = "\n".join([f"{name}@{version}", *sorted(str(component.purl) for component in components)])
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, content), metadata=BomMetaData(component=subject), components=components
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]  # a document may have none, and this one is of no time
    bom.register_dependency(subject, components)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
