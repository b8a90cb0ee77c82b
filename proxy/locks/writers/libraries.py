"""How a release stands in a CycloneDX document, whichever: a library, known by its package URL."""

from __future__ import annotations

from collections.abc import Iterable

from cyclonedx.model import ExternalReference, HashAlgorithm, HashType
from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL


def library(
    project: str, version: str, *, sha256s: Iterable[str] = (), files: Iterable[ExternalReference] = ()
) -> Component:
    """Return the component of a release, with the digests or the addresses of its files."""
    purl = PackageURL("pypi", None, project, version)
    return Component(
        name=project,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(purl),
        purl=purl,
        hashes=map(hashed, sha256s),
        external_references=files,
    )


def hashed(sha256: str) -> HashType:
    """Return a digest as the document says it."""
    return HashType(alg=HashAlgorithm.SHA_256, content=sha256)
