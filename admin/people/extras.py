"""The libraries that are extras: whether one is there, and what to say where it is not."""

from __future__ import annotations

import importlib.util

MISSING = {
    "webauthn": "Passkeys are not installed here: pip install 'wicketgate[passkeys]'",
    "joserfc": "OpenID Connect is not installed here: pip install 'wicketgate[oidc]'",
}
"""By library."""


def installed(library: str) -> bool:
    """Whether one of the extras is there."""
    return importlib.util.find_spec(library) is not None
