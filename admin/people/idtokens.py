"""ID tokens (OpenID Connect Core 1.0, RFC 7519): verified, or refused with a reason that repeats nothing of them.

Decided here:

* Signature (RS256, ES256), issuer, one single audience, ``exp``, ``iat``, ``nbf`` and ``sub`` are always checked. A
  clock may be a minute wrong.
* Nothing in a token is believed before its signature is, except which issuer to ask for a key, and only if somebody
  named that issuer here.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from admin.people.issuers import Issuers
from admin.people.proof import NotProved

ALGORITHMS = ("RS256", "ES256")
LEEWAY = 60
"""Seconds that two clocks may differ."""
LIVES_AT_MOST = 86400
LONGEST = 16 << 10

Claims = Mapping[str, Any]


class NotVouched(NotProved):
    """An ID token that proves nothing here."""


async def verified(
    text: str, issuers: Issuers, named: Collection[str], audience: Collection[str], at: datetime
) -> Claims:
    """Return the claims of a token of one of the named issuers, for one of the audiences.

    Raises NotVouched, IssuerAway.
    """
    from joserfc import jwt  # noqa: PLC0415  an extra, and needed where an ID token comes
    from joserfc.errors import JoseError  # noqa: PLC0415

    header, claims = _unverified(text)
    issuer, algorithm = claims.get("iss"), header.get("alg")
    if not isinstance(issuer, str) or issuer not in named:
        raise NotVouched("The ID token is of an issuer that nobody named here.")
    if algorithm not in ALGORITHMS:
        raise NotVouched("The ID token is not signed with RS256 or ES256.")
    key = await issuers.key(issuer, str(header.get("kid", "")))
    if key is None:
        raise NotVouched("The ID token is signed with a key that its issuer does not have.")
    try:
        found: Claims = jwt.decode(text, key, algorithms=[algorithm]).claims
    except (JoseError, ValueError) as error:
        raise NotVouched("The signature of the ID token is wrong.") from error
    _check(found, issuer, audience, at)
    return found


def _check(claims: Claims, issuer: str, audience: Collection[str], at: datetime) -> None:
    now, said = at.timestamp(), claims.get("aud")
    single = said[0] if isinstance(said, list) and len(said) == 1 else said
    if claims.get("iss") != issuer:
        raise NotVouched("The ID token is of another issuer.")
    if not isinstance(single, str) or single not in audience:
        raise NotVouched("The ID token is for another audience.")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise NotVouched("The ID token names no subject.")
    ends, since = number(claims, "exp"), number(claims, "iat")
    if ends is None or since is None:
        raise NotVouched("The ID token does not say since when and until when it is good.")
    if ends + LEEWAY <= now:
        raise NotVouched("The ID token has expired.")
    if since - LEEWAY > now or (number(claims, "nbf") or since) - LEEWAY > now or ends - since > LIVES_AT_MOST:
        raise NotVouched("The ID token is not good yet, or for too long.")


def number(claims: Claims, name: str) -> float | None:
    """Return a time that a claim says (seconds since 1970), None where it says none that there can be."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < 2**40 else None


def _unverified(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as written, for finding the key and nothing else. Raises NotVouched."""
    try:
        header, claims, _ = text.split(".") if len(text) <= LONGEST else ("", "", "")
        read = [json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims)]
    except (ValueError, binascii.Error, RecursionError) as error:
        raise NotVouched("That is not an ID token.") from error
    if not all(isinstance(part, dict) for part in read):
        raise NotVouched("That is not an ID token.")
    return read[0], read[1]
