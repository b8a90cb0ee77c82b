"""The libraries that are extras: whether one is there, and what to say where it is not."""

from __future__ import annotations

import importlib.util

from proxy.errors import GateError

MISSING = {
    "webauthn": "Passkeys are not installed here: pip install 'wicketgate[passkeys]'",
    "joserfc": "OpenID Connect is not installed here: pip install 'wicketgate[oidc]'",
}
"""By library."""


class NotInstalled(GateError):
    """An extra that is needed is not there; the message names what to install."""


def installed(library: str) -> bool:
    """Whether one of the extras is there. Looked for, and not loaded."""
    return importlib.util.find_spec(library) is not None


def demand_installed(library: str) -> None:
    """Raise NotInstalled where one of the extras is not there."""
    if not installed(library):
        raise NotInstalled(MISSING[library])
