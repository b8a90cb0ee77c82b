"""Package URLs (purl, ECMA-427) of the type ``pypi``, read by ``packageurl-python``."""

from __future__ import annotations

from collections.abc import Iterable

from proxy.extras import installed, missing
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Where
from proxy.simple.addresses import last_segment
from proxy.simple.names import project_of

LONGEST = 4_000


def pin(purl: str, hashes: Iterable[str], urls: Iterable[str], where: Where, found: Gathering) -> None:
    """Take what a purl names; of the addresses, those that lead to a file of a project."""
    if not installed("packageurl"):
        found.fault(where, missing("packageurl"))
        return
    from packageurl import PackageURL  # noqa: PLC0415  an extra

    try:
        package = PackageURL.from_string(purl) if len(purl) <= LONGEST else None
    except ValueError:
        package = None
    if package is None:
        found.fault(where, f"{purl[:80]!r} is not a package URL.")
    elif package.type != "pypi":
        found.aside(where, f"{purl[:80]} is no Python package.")
    elif not package.version:
        found.fault(where, f"{purl[:80]!r} names no version.")
    else:
        files = [url for url in urls if project_of(last_segment(url))]
        found.pin(where, package.name, package.version, found.digests(where, hashes), files)
