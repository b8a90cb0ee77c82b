"""What is used where it is installed: the extras of ``pyproject.toml``, and what to say where one is not there.

The rest of the gate does without them, so that what every installation must trust stays small.
"""

from __future__ import annotations

import importlib.util

from proxy.errors import NotInstalled

MISSING = {
    "apprise": ("alerts by mail, chat and web", "alerts"),
    "cyclonedx": ("CycloneDX documents", "sbom"),
    "joserfc": ("OpenID Connect", "oidc"),
    "packageurl": ("package URLs", "sbom"),
    "webauthn": ("passkeys", "passkeys"),
}
"""By library: what it is for, and the extra that brings it."""


def installed(library: str) -> bool:
    """Whether one of the extras is there. Looked for, and not loaded."""
    return importlib.util.find_spec(library) is not None


def demand_installed(library: str) -> None:
    """Raise NotInstalled where one of the extras is not there."""
    if not installed(library):
        raise NotInstalled(missing(library))


def missing(library: str) -> str:
    """Return what to say of an extra that is not there."""
    purpose, extra = MISSING[library]
    return f"For {purpose} this Wicketgate lacks an extra: pip install 'wicketgate[{extra}]'"
