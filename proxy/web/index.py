"""The Simple API (PEP 503, PEP 691): the list of projects and each project's page.

A page of a project shows what is allowed. Of a version that is withheld it shows a *tombstone*: a
file whose address carries the reason and leads to the refusal, marked as yanked with the reason, so
that ranges resolve to what is allowed and exact pins are told why. Where nothing at all is allowed
the tombstones are not yanked: installers would not show yanked ones. See ``tests/e2e``.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass

import zstandard
from packaging.utils import NormalizedName
from starlette.types import Receive, Scope, Send

from proxy.errors import GateError
from proxy.gateway import Gateway, Listing, path_of
from proxy.live import Live
from proxy.model import ReleaseFile, Verdict
from proxy.policy import telling
from proxy.policy.listing import Judged
from proxy.simple import names
from proxy.simple.negotiate import Format, coding_for, format_for, matches
from proxy.simple.render import Row, render, render_projects
from proxy.web.http import Asked, Headers, answer, asked, fail, only_reading, redirect, say
from proxy.web.readers import Readers
from proxy.web.recording import Recorder

CODINGS = ("zstd", "gzip")
SMALL_BODY = 64 << 10
UNKNOWN_VERSION = "9999"
"""The version of a tombstone where no real one may be looked up: it satisfies open ranges."""


@dataclass(frozen=True, slots=True)
class Body:
    """A finished answer: its headers and its bytes in one representation."""

    etag: bytes
    headers: Headers
    content: bytes


class IndexDoor:
    """Answers under ``/simple/``."""

    def __init__(self, gateway: Gateway, live: Live, readers: Readers, recorder: Recorder) -> None:
        self._gateway, self._live, self._readers, self._recorder = gateway, live, readers, recorder

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request for an index page."""
        if not await only_reading(scope, send):
            return
        token = await self._readers.admit(scope, send)
        if token is None:
            return
        by = asked(scope, token)
        try:
            await self._page(scope, by, send)
        except GateError as error:
            await fail(send, error, head=by.head)

    async def _page(self, scope: Scope, by: Asked, send: Send) -> None:
        rest = scope["path"].removeprefix("/simple").removeprefix("/")
        shape = format_for(by.headers.get(b"accept", b"").decode("latin-1"), scope["query_string"].decode("latin-1"))
        if scope["path"] == "/simple":
            await redirect(send, "simple/", head=by.head)
        elif shape is None:
            await say(send, 406, "This index speaks JSON and HTML of the Simple API, version 1.", head=by.head)
        elif not rest:
            await self._projects(shape, by, send)
        else:
            await self._project(rest, shape, by, send)

    async def _projects(self, shape: Format, by: Asked, send: Send) -> None:
        """List the approved projects, and no others."""
        snapshot = await self._live.current()
        content = render_projects(sorted(snapshot.grants), shape)
        await _send(send, by, await _body(content, shape, _coding(by)), snapshot.revision)

    async def _project(self, rest: str, shape: Format, by: Asked, send: Send) -> None:
        raw, _, extra = rest.partition("/")
        project = names.normal(raw)
        if project is None or extra:
            await say(
                send,
                404,
                "That is not the name of a project (PEP 508: ASCII letters, digits, . _ -).",
                head=by.head,
            )
        elif raw != project or not rest.endswith("/"):
            await redirect(send, f"{'../' if rest.endswith('/') else ''}{project}/", head=by.head)
        else:
            listing = await self._gateway.listing(project)
            body = await _cached(listing, shape, _coding(by))
            self._recorder.page(by, listing.composition.verdict, 200)
            await _send(send, by, body, listing.revision)


def _coding(by: Asked) -> str:
    return coding_for(by.headers.get(b"accept-encoding", b"").decode("latin-1"), CODINGS)


async def _send(send: Send, by: Asked, body: Body, revision: int) -> None:
    headers = [*body.headers, (b"x-wicketgate-revision", str(revision).encode())]
    known = by.headers.get(b"if-none-match")
    if known and matches(known.decode("latin-1"), body.etag.decode()):
        await answer(send, 304, headers, b"", head=True)
    else:
        await answer(send, 200, headers, body.content, head=by.head)


async def _cached(listing: Listing, shape: Format, coding: str) -> Body:
    """Return the finished body of a listing, made once for each representation."""
    made = listing.bodies.get((shape, coding))
    if not isinstance(made, Body):
        composition = listing.composition
        content = render(
            listing.project,
            rows(listing),
            shape,
            status=None if composition.status == "active" else composition.status,
            status_reason=composition.status_reason,
        )
        made = listing.bodies[shape, coding] = await _body(content, shape, coding)
    return made


async def _body(content: bytes, shape: Format, coding: str) -> Body:
    etag = f'"{hashlib.sha256(shape.encode() + coding.encode() + content).hexdigest()[:32]}"'.encode()
    headers: Headers = [
        (b"content-type", f"{shape}; charset=utf-8".encode() if shape is not Format.JSON else shape.encode()),
        (b"vary", b"Accept, Accept-Encoding"),
        (b"cache-control", b"no-cache"),
        (b"etag", etag),
    ]
    if coding != "identity":
        headers.append((b"content-encoding", coding.encode()))
        small = len(content) < SMALL_BODY
        content = _compress(content, coding) if small else await asyncio.to_thread(_compress, content, coding)
    return Body(etag, headers, content)


def _compress(content: bytes, coding: str) -> bytes:
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(content)
    return gzip.compress(content, 6 if len(content) < SMALL_BODY else 3, mtime=0)


def rows(listing: Listing) -> list[Row]:
    """Return what the page shows: allowed files, and a tombstone for every version that is withheld."""
    composition = listing.composition
    shown = [_allowed(judged) for judged in composition.allowed]
    yanked = bool(shown)
    withheld = [
        _tombstone(listing.project, version, judged.verdict, yanked=yanked)
        for version, judged in composition.withheld.items()
    ]
    if not shown and not withheld:
        verdict = composition.verdict
        if not verdict.allowed:
            version = f"{UNKNOWN_VERSION}+{telling.label(verdict)}"
            withheld = [_tombstone(listing.project, version, verdict, yanked=False)]
    return shown + withheld


def _allowed(judged: Judged) -> Row:
    return Row(judged.file, f"../../files{path_of(judged.file.url)}")


def _tombstone(project: NormalizedName, version: str, verdict: Verdict, *, yanked: bool) -> Row:
    """Return a made-up wheel that fits every interpreter, so that every installer chooses it and reads why."""
    filename = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    file = ReleaseFile(
        filename=filename,
        version=version,
        kind="wheel",
        url="",
        sha256=None,
        yanked=telling.headline(verdict) if yanked else None,
        metadata="",
    )
    return Row(file, f"../../refused/{telling.slug(verdict)}/{filename.replace('+', '%2B')}")
