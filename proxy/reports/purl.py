"""How a release is named to others: a package URL (https://github.com/package-url/purl-spec)."""

from __future__ import annotations

from urllib.parse import quote

from packaging.utils import canonicalize_name

from proxy.reports.checked import Result


def purl(result: Result) -> str:
    """Return the package URL of a result; without a version where none was judged."""
    name = f"pkg:pypi/{quote(canonicalize_name(result.name), safe='')}"
    return f"{name}@{quote(result.version, safe='')}" if result.version else name
