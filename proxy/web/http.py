"""The few things every door of the index needs: who asks, and how an answer is sent.

Identity for the record comes from the connection and the User-Agent; it never decides anything.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import NamedTuple, Protocol, runtime_checkable

from starlette.types import Receive, Scope, Send

from proxy.errors import CacheError, GateError, StoreError, UpstreamAway

Headers = list[tuple[bytes, bytes]]

PLAIN = b"text/plain; charset=utf-8"
ALWAYS: Headers = [(b"x-content-type-options", b"nosniff")]
_CONTROL = re.compile(r"[^\x20-\x7e]+")
AGENT_AT_MOST = 200
READING = frozenset({"GET", "HEAD"})
_FIELD = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


class Finished(NamedTuple):
    """A whole answer as it goes over the wire: the status line and the headers that are its own, and the body."""

    head: bytes
    body: bytes


@runtime_checkable
class AtHand(Protocol):
    """A door that may have an answer at hand."""

    def at_hand(self, scope: Scope, /) -> Finished | None:
        """Return the answer to a request where it is finished, having noted it: whoever asks sends it.

        None where anything must be made, waited for or refused: then the application is called.
        """


@runtime_checkable
class Ready(AtHand, Protocol):
    """An application of such doors."""

    def when_written(self, send: Callable[[], None], /) -> None:
        """Call ``send`` once what was noted of the answer is written."""


def head_of(status: int, headers: Headers) -> bytes:
    """Return the status line and headers of a finished answer. Raises ValueError for what is no header."""
    if not all(_FIELD.fullmatch(text) for header in headers for text in header):
        raise ValueError("a header holds what would end it")
    lines = (b"%b: %b\r\n" % header for header in headers)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode() + b"".join(lines)


_process = secrets.token_hex(4)
_numbers = itertools.count(1)


@dataclass(slots=True)
class Asked:
    """One request: its method and headers (lower-case names), and who sent it.

    ``token`` is the name of the one it brings, ``token_id`` says which of that name. ``projects`` are those that it is
    bound to (glob patterns; none: it is not).
    """

    head: bool
    headers: dict[bytes, bytes]
    client: str
    token: str
    number: int
    projects: tuple[str, ...] = ()
    token_id: str = ""

    @property
    def agent(self) -> str:
        """Installer and Python, in words."""
        return agent_of(self.headers.get(b"user-agent", b""))

    @property
    def request_id(self) -> str:
        """What the record and the refusal name this request by."""
        return f"{_process}{self.number:x}"


def asked(scope: Scope) -> Asked:
    """Read a request's facts. Nothing in them is trusted for a decision."""
    client = scope.get("client") or ("", 0)
    return Asked(scope["method"] == "HEAD", dict(scope["headers"]), client[0], "", next(_numbers))


def below(scope: Scope, cut: int) -> Scope:
    """Return a request as a door sees it that lives below the first ``cut`` characters of the path (ASCII)."""
    return {**scope, "path": scope["path"][cut:], "raw_path": scope["raw_path"][cut:]}


def printable(text: str) -> str:
    """Return text of a client without what could move a terminal's cursor or forge a line."""
    return _CONTROL.sub(" ", text)


def agent_of(header: bytes) -> str:
    """Return installer and Python in words ("pip/26.3 CPython/3.11.7"), from a User-Agent as pip and uv send it."""
    return _agent_of(header[:4096])


@lru_cache(maxsize=1024)
def _agent_of(header: bytes) -> str:
    text = _CONTROL.sub(" ", header.decode("latin-1")).strip()
    product, _, details = text.partition(" ")
    try:
        facts = json.loads(details)
        implementation = facts["implementation"]
        text = f"{product} {implementation['name']}/{implementation['version']}" + (" CI" if facts.get("ci") else "")
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # another client: its own words are the record
    return _CONTROL.sub(" ", text)[:AGENT_AT_MOST]


async def answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, *, head: bool) -> None:
    """Send a whole answer. A HEAD gets the headers of the GET."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *ALWAYS, length]})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def redirect(send: Send, location: str, *, head: bool) -> None:
    """Send a permanent redirect to a path of our own, relative to the one asked."""
    await answer(send, 301, [(b"location", location.encode()), (b"content-type", PLAIN)], b"", head=head)


async def say(send: Send, status: int, text: str, *, head: bool, extra: Headers | None = None) -> None:
    """Send a sentence in plain text."""
    await answer(send, status, [(b"content-type", PLAIN), *(extra or [])], f"{text}\n".encode(), head=head)


async def fail(send: Send, error: GateError, *, head: bool) -> None:
    """Answer for the world failing: 503 where trying later may help, else 502."""
    if isinstance(error, UpstreamAway | StoreError | CacheError):
        await say(send, 503, str(error), head=head, extra=[(b"retry-after", b"10")])
    else:
        await say(send, 502, str(error), head=head)


async def only_reading(scope: Scope, send: Send) -> bool:
    """Whether the method is GET or HEAD; answers 405 when it is not."""
    if scope["method"] in READING:
        return True
    await say(send, 405, "Only GET and HEAD are answered here.", head=False, extra=[(b"allow", b"GET, HEAD")])
    return False


async def drained(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
