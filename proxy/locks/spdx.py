"""SPDX 2.x in JSON (ISO/IEC 5962): the packages that have a package URL among their external references."""

from __future__ import annotations

from typing import Annotated

import msgspec

from proxy.locks import purls
from proxy.locks.decoding import Document, believed
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where


class _Checksum(msgspec.Struct, rename="camel"):
    algorithm: str
    checksum_value: str


class _Reference(msgspec.Struct, rename="camel"):
    reference_type: str = ""
    reference_locator: str = ""


class _Package(msgspec.Struct, rename="camel"):
    name: str = ""
    download_location: str = ""
    checksums: list[_Checksum] = msgspec.field(default_factory=list)
    external_refs: list[_Reference] = msgspec.field(default_factory=list)

    @property
    def purls(self) -> list[str]:
        """The package URLs among its references, each once."""
        named = (ref.reference_locator for ref in self.external_refs if ref.reference_type == "purl")
        return list(dict.fromkeys(named))


class _Version(msgspec.Struct, rename="camel"):
    spdx_version: Annotated[str, msgspec.Meta(pattern=r"^SPDX-2\.\d+$")]


def read(document: Document, found: Gathering) -> None:
    """Read an SBOM."""
    if believed(document, _Version, Where(found.file, 0, "spdxVersion"), found) is None:
        return
    listed = document.get("packages", [])
    if not isinstance(listed, list):
        found.fault(Where(found.file, 0, "packages"), "Its packages are not a list.")
        return
    for number, entry in enumerate(listed, 1):
        where = Where(found.file, 0, f"package {number}")
        package = believed(entry, _Package, where, found)
        if package:
            _package(package, where, found)


def _package(package: _Package, where: Where, found: Gathering) -> None:
    if not package.purls:
        found.aside(where, f"{package.name[:80]} has no package URL, so it is no package of an index.")
    texts = [f"{checksum.algorithm}:{checksum.checksum_value}" for checksum in package.checksums]
    urls = [package.download_location] if package.download_location.startswith("http") else []
    for purl in package.purls:
        purls.pin(purl, texts, urls, where, found)
