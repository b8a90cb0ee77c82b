"""By which way a command reaches a gate, and whether what answers there is one.

Decided here:

* On the gate's own host a command speaks to the socket in the data directory (:mod:`proxy.local`), whatever the
  addresses are that people use. Elsewhere it speaks to the address that it was given, and certificates are verified.
* What does not answer as a gate does is told of in a sentence: it may be another server, or a page to sign in at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from proxy import local
from proxy.places import ADDRESS_FILE

SECONDS = 300.0
SHOWN = 300
"""Characters of a stranger's answer that are repeated."""


class Lost(Exception):
    """No gate was reached; the message says why, with a next step."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a gate is: the ``url`` by which people know it, and the ``socket`` on its own host ("" elsewhere)."""

    url: str
    socket: str = ""

    @classmethod
    def here(cls, folder: Path) -> Way:
        """Return the way to the gate whose data directory this is. Raises Lost."""
        try:
            socket = local.answering(folder)
            url = json.loads((folder / ADDRESS_FILE).read_text())["url"]
        except PermissionError as error:
            other = "Run this as the user that runs the gate, or set WICKETGATE_URL and WICKETGATE_TOKEN."
            raise Lost(f"{folder} belongs to another user. {other}") from error
        except local.NotOurs as error:
            raise Lost(f"{error} Say the gate's own data directory: --data-dir") from error
        except OSError as error:
            raise Lost("No gate is known here. Start one (wicketgate serve), or set WICKETGATE_URL.") from error
        except (ValueError, LookupError, TypeError) as error:
            raise Lost(f"{folder / ADDRESS_FILE} is not what the gate wrote there. It does when it starts.") from error
        if not socket:
            raise Lost(f"The gate of {folder} does not answer. Is it running? wicketgate serve")
        return cls(url, socket)

    @classmethod
    def there(cls, url: str) -> Way:
        """Return the way to an address. Raises Lost for what is none."""
        try:
            read = httpx.URL(url)
        except httpx.InvalidURL:
            read = httpx.URL("")
        if read.scheme not in {"http", "https"} or not read.host:
            raise Lost(f"{url!r} is no address of a gate. Say for example https://wicketgate.example")
        return cls(url.rstrip("/"))

    @property
    def base(self) -> str:
        """What stands before a path in a request."""
        return "http://wicketgate" if self.socket else self.url

    def client(self) -> httpx.Client:
        """Return what speaks that way, with nothing of the environment. Authorities take long to load: only for TLS."""
        if self.socket:
            transport = httpx.HTTPTransport(uds=self.socket, verify=False)
        elif self.url.startswith("http://"):
            transport = httpx.HTTPTransport(verify=False, trust_env=False)
        else:
            from proxy.upstream.network import tls  # noqa: PLC0415  few commands speak TLS

            transport = httpx.HTTPTransport(verify=tls(), trust_env=False)
        return httpx.Client(transport=transport, timeout=SECONDS, trust_env=False)


def document(answer: httpx.Response) -> Any:
    """Return an answer's JSON. Raises Lost where it is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise no_gate(answer) from error


def demand_gate(answer: httpx.Response) -> None:
    """Raise Lost for what a gate never sends to a command: a page that is no file, or the way to another address."""
    page = "text/html" in answer.headers.get("content-type", "") and "content-disposition" not in answer.headers
    if answer.has_redirect_location or page:
        raise no_gate(answer)


def no_gate(answer: httpx.Response) -> Lost:
    """Return what to say of a server that does not answer as a gate does."""
    place = f"{answer.url.scheme}://{answer.url.netloc.decode('ascii', 'replace')}"
    lead = f" and leads to {answer.headers['location'][:SHOWN]!a}" if answer.has_redirect_location else ""
    said = f"What answers at {place} is no gate: it says {answer.status_code}{lead}."
    return Lost(f"{said} Is WICKETGATE_URL right, and is a proxy in front of it?")


def complaint(answer: httpx.Response) -> str:
    """Return the gate's own words for why it says no. Raises Lost where it is no gate's answer."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError, RecursionError):
        demand_gate(answer)
    said = "".join(letter if letter.isprintable() else " " for letter in answer.text[:SHOWN]).strip()
    return said or f"the gate answered {answer.status_code}"
