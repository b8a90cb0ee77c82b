"""Carrying records to a webhook, signed after Standard Webhooks (standardwebhooks.com): id, time and body.

Decided here:

* A batch counts as delivered when the receiver answers 2xx. Anything else, a redirect as well, means later again.
* The signature is HMAC-SHA256 over ``id.timestamp.body``, with a secret from a file that is read anew for each
  batch: it may be changed while the gate runs. A batch that is sent again has the id that it had.
* Nothing of the environment, no redirect and no answer changes where the record goes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime

import httpx

from proxy.audit.destinations import Destination
from proxy.audit.forms import FORMS, Kind, Record
from proxy.sealed import NotOpened, SecretFile

BATCH = 500
SECONDS = 30.0
_PREFIX = "whsec_"


class Refused(Exception):
    """The receiver did not take a batch."""


class WebhookSender:
    """Posts batches to one address."""

    batch = BATCH

    def __init__(self, place: Destination, clock: Callable[[], datetime]) -> None:
        assert place.secret is not None  # noqa: S101  a webhook without one is no destination
        self._url, self._form, self._secret, self._clock = place.url, FORMS[place.format], place.secret, clock
        self._ca = place.ca
        self._client: httpx.AsyncClient | None = None

    async def send(self, records: Sequence[tuple[Kind, Record]], identity: str) -> None:
        """Deliver records as one request. Raises Refused, httpx.HTTPError, OSError."""
        body = b"".join(self._form(kind, record) for kind, record in records)
        at = str(int(self._clock().timestamp()))
        headers = {
            "content-type": "application/x-ndjson",
            "user-agent": "wicketgate",
            "webhook-id": identity,
            "webhook-timestamp": at,
            "webhook-signature": signature(key(self._secret), identity, at, body),
        }
        self._client = self._client or self._fresh()
        answer = await self._client.post(self._url, content=body, headers=headers)
        if not answer.is_success:
            raise Refused(f"it answered {answer.status_code}")

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _fresh(self) -> httpx.AsyncClient:
        context = ssl.create_default_context(cafile=str(self._ca) if self._ca else None)
        return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=SECONDS, verify=context)


def signature(secret: bytes, identity: str, at: str, body: bytes) -> str:
    """Return what stands in ``webhook-signature``."""
    mac = hmac.new(secret, f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def key(secret: SecretFile) -> bytes:
    """Return the secret that a file holds: ``whsec_`` and base64, or the text itself. Raises OSError, Refused."""
    try:
        text = secret.read()
    except NotOpened as error:
        raise Refused(f"the secret in {secret.path} {error}") from error
    if text.startswith(_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise Refused(f"the secret in {secret.path} is not base64 after {_PREFIX}") from None
    if not text:
        raise Refused(f"the secret in {secret.path} is empty")
    return text.encode()
