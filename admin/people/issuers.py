"""OpenID issuers: where their endpoints are, and which keys they sign with.

Decided here:

* Only issuers that the operator or a rule named are ever asked, over https (http on loopback alone); no redirects,
  no proxies from the environment, small answers, ten seconds in all.
* Keys are used for ten minutes without asking again. A token signed with a key that is not known asks again, at most
  every half minute. An issuer that is away is believed for a day by the keys it had, and not at all after that.
* RS256 and ES256, nothing else: an algorithm is ours to choose, not the token's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from proxy.errors import GateError
from proxy.upstream.origins import is_https_or_loopback

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

    Key = RSAKey | ECKey

FRESH = timedelta(minutes=10)
ASK_AGAIN = timedelta(seconds=30)
STALE = timedelta(hours=24)
ANSWER_AT_MOST = 512 << 10
SECONDS = 10.0
KEYS_AT_MOST = 50
DISCOVERY = "/.well-known/openid-configuration"


class IssuerAway(GateError):
    """An issuer that does not answer, or not as one should, and was not heard of lately."""


class Metadata(msgspec.Struct, frozen=True):
    """What an issuer says of itself (OpenID Connect Discovery 1.0), as far as it is needed."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """An issuer's metadata and keys (by ``kid``), and when they were fetched."""

    metadata: Metadata
    keys: Mapping[str, Key]
    at: datetime


class Issuers:
    """Keeps what is known of each issuer. Made and used on one event loop."""

    def __init__(self, client: httpx.AsyncClient, clock: Callable[[], datetime]) -> None:
        self._client, self._clock = client, clock
        self._known: dict[str, Known] = {}
        self._tried: dict[str, datetime] = {}
        self._asking = asyncio.Lock()

    async def metadata(self, issuer: str) -> Metadata:
        """Return what an issuer says of itself. Raises IssuerAway."""
        return (await self._current(issuer, lambda known: self._clock() - known.at <= FRESH)).metadata

    async def key(self, issuer: str, kid: str) -> Key | None:
        """Return the key of an issuer by its id ("" where it has only one), None where it has none. Raises IssuerAway.

        Keys that the issuer withdrew are gone after ten minutes.
        """
        known = await self._current(issuer, lambda known: self._clock() - known.at <= FRESH and _has(known, kid))
        return _of(known, kid)

    async def _current(self, issuer: str, enough: Callable[[Known], bool]) -> Known:
        async with self._asking:
            known, at = self._known.get(issuer), self._clock()
            if known is not None and enough(known):
                return known
            tried = self._tried.get(issuer)
            if tried is None or at - tried >= ASK_AGAIN:
                self._tried[issuer] = at
                try:
                    known = self._known[issuer] = await self._fetched(issuer)
                except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, ValueError, TimeoutError) as error:
                    return self._kept(known, at, issuer, f"{type(error).__name__}: {str(error)[:200]}")
            return self._kept(known, at, issuer, "it was asked a moment ago")

    @staticmethod
    def _kept(known: Known | None, at: datetime, issuer: str, why: str) -> Known:
        if known is None or at - known.at > STALE:
            raise IssuerAway(f"The OpenID issuer {issuer} does not answer as one ({why}). Try again in a minute.")
        return known

    async def _fetched(self, issuer: str) -> Known:
        said = msgspec.json.decode(await self._get(issuer.rstrip("/") + DISCOVERY), type=Metadata)
        if said.issuer != issuer:
            raise ValueError("it calls itself by another name")
        return Known(said, _keys(await self._get(said.jwks_uri)), self._clock())

    async def _get(self, url: str) -> bytes:
        checked(url)
        async with asyncio.timeout(SECONDS), self._client.stream("GET", url) as answer:
            if answer.status_code != 200:
                raise ValueError(f"it answered {answer.status_code}")
            return await read(answer)


async def read(answer: httpx.Response) -> bytes:
    """Return a small body. Raises ValueError for a large one."""
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > ANSWER_AT_MOST:
            raise ValueError(f"its answer is larger than {ANSWER_AT_MOST >> 10} KiB")
    return body


def checked(url: str) -> str:
    """Return a URL that may be asked: https, or http on loopback. Raises ValueError."""
    if not is_https_or_loopback(url):
        raise ValueError("an address of it is not https")
    return url


def _keys(body: bytes) -> Mapping[str, Key]:
    """Return the signing keys of a key set (RFC 7517); those of other kinds are left out."""
    found = msgspec.json.decode(body, type=_KeySet).keys[:KEYS_AT_MOST]
    keys = ((str(data.get("kid", "")), _key(data)) for data in found)
    return {kid: key for kid, key in keys if key is not None}


def _key(data: dict[str, Any]) -> Key | None:
    from joserfc.errors import JoseError  # noqa: PLC0415  an extra, and needed where an issuer is asked
    from joserfc.jwk import ECKey, RSAKey, import_key  # noqa: PLC0415

    if data.get("kty") not in {"RSA", "EC"} or data.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(data)
    except (JoseError, ValueError):
        return None  # one key that cannot be read does not spoil the others
    return key if isinstance(key, RSAKey | ECKey) else None


def _has(known: Known, kid: str) -> bool:
    return _of(known, kid) is not None


def _of(known: Known, kid: str) -> Key | None:
    if not kid and len(known.keys) == 1:
        return next(iter(known.keys.values()))
    return known.keys.get(kid)
