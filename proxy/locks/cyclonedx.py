"""CycloneDX in JSON (ECMA-424): the components that have a package URL of the type ``pypi``.

Read entry by entry and not by ``cyclonedx-python-lib``, which gives up a whole document for its first fault; the
package URLs, where the difficulty is, are read by the library for them.
"""

from __future__ import annotations

import msgspec

from proxy.locks import purls
from proxy.locks.decoding import Document, believed
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where

DEEPEST = 50


class _Hash(msgspec.Struct):
    alg: str
    content: str


class _Reference(msgspec.Struct):
    type: str
    url: str = ""
    hashes: list[_Hash] = msgspec.field(default_factory=list)


class _Component(msgspec.Struct, rename="camel"):
    name: str = ""
    purl: str = ""
    hashes: list[_Hash] = msgspec.field(default_factory=list)
    external_references: list[_Reference] = msgspec.field(default_factory=list)
    components: list[object] = msgspec.field(default_factory=list)

    @property
    def files(self) -> list[_Reference]:
        """Where its files are."""
        return [reference for reference in self.external_references if reference.type == "distribution"]


def read(document: Document, found: Gathering) -> None:
    """Read an SBOM."""
    _components(document.get("components", []), "component", found, DEEPEST)


def _components(listed: object, title: str, found: Gathering, depth: int) -> None:
    if not isinstance(listed, list) or depth == 0:
        found.fault(Where(found.file, 0, title), "Its components are not a list, or nested too deeply.")
        return
    for number, entry in enumerate(listed, 1):
        where = Where(found.file, 0, f"{title} {number}")
        component = believed(entry, _Component, where, found)
        if component:
            _component(component, where, found)
            if component.components:
                _components(component.components, where.entry, found, depth - 1)


def _component(component: _Component, where: Where, found: Gathering) -> None:
    if not component.purl:
        found.aside(where, f"{component.name[:80]} has no package URL, so it is no package of an index.")
        return
    hashes = [*component.hashes, *(item for reference in component.files for item in reference.hashes)]
    texts = [f"{item.alg.replace('-', '')}:{item.content}" for item in hashes]
    urls = [reference.url for reference in component.files if reference.url]
    purls.pin(component.purl, texts, urls, where, found)
