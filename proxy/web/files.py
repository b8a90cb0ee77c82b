"""Files and their ``.metadata``, and the refusals that tombstones lead to.

``/files/`` and the upstream's own path: a lock file may keep such an address for years, and it maps
back to the upstream's by text. Every answer here is judged and recorded, HEAD, ranges and 304 included.
A transfer that turns out wrong is broken off: only bytes with the right digest ever complete.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from proxy.cache.blobs import Blob
from proxy.cache.fetch import Download
from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.listings import Listing
from proxy.model import ReleaseFile, Verdict
from proxy.policy.listing import Judged, at_revision
from proxy.simple.names import project_of
from proxy.simple.negotiate import matches
from proxy.web.byterange import UNSATISFIABLE, Span, span
from proxy.web.http import ALWAYS, Asked, Finished, Headers, answer, fail, head_of, say
from proxy.web.readers import Readers, refuses
from proxy.web.recording import Matter, Recorder
from proxy.web.refusals import Refusals

log = logging.getLogger(__name__)

PREFIX = "/files"
METADATA = ".metadata"
PIECE = 512 << 10
"""Bytes of a file that are read and sent in one go: two of them are held for each client that is slow to take."""
SMALL_PIECE = 64 << 10
MANY = 16
"""Cached files that are being sent at once, from which on they go in small pieces.

Each piece waits in memory until its client takes it, and some never do.
"""
Bytes = Blob | Download | bytes


@dataclass(frozen=True, slots=True)
class Head:
    """What goes before a small file that its listing allows, and what the record says of it."""

    digest: str
    head: bytes
    matter: Matter


class FileDoor:
    """Answers under ``/files/``."""

    def __init__(self, gateway: Gateway, readers: Readers, recorder: Recorder, refusals: Refusals) -> None:
        self._gateway, self._readers, self._recorder, self._refusals = gateway, readers, recorder, refusals
        self._sending = 0

    def at_hand(self, scope: Scope) -> Finished | None:
        """Return a small file that was handed out under its listing before, and note it again. Raises StoreError."""
        by = self._readers.at_hand(scope)
        if by is None or by.projects or b"range" in by.headers or b"if-none-match" in by.headers:
            return None
        path = scope["path"].removeprefix(PREFIX)
        listing = self._listing(path)
        ready = listing.heads.get(path) if listing else None
        content = self._gateway.small(ready.digest) if isinstance(ready, Head) else None
        if not isinstance(ready, Head) or content is None:
            return None
        self._recorder.again(by, ready.matter)
        return Finished(ready.head, content)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request for a file or its metadata."""
        by = await self._readers.welcome(scope, send)
        if by is None:
            return
        try:
            await self._file(scope["raw_path"].decode("latin-1").partition("?")[0], by, send)
        except GateError as error:
            await fail(send, error, head=by.head)

    async def _file(self, raw_path: str, by: Asked, send: Send) -> None:
        path = raw_path.removeprefix(PREFIX)
        metadata = path.endswith(METADATA)
        verdict, judged = await self._gateway.find(path.removesuffix(METADATA))
        if await refuses(by, verdict.subject.project, send):
            return
        if judged is None or not verdict.allowed:
            await self._refusals.refuse(verdict, by, send, path.rpartition("/")[2], metadata=metadata)
            return
        content = await (self._gateway.metadata(judged) if metadata else self._gateway.open(judged))
        if content is None:
            await say(send, 404, "The upstream has no metadata for this file.", head=by.head)
            return
        self._sending += 1
        try:
            await self._hand_out(content, judged, by, send, metadata=metadata)
            self._remember(unquote(path), judged.file, metadata=metadata)
        finally:
            self._sending -= 1
            if isinstance(content, Blob):
                content.close()

    async def _hand_out(self, content: Bytes, judged: Judged, by: Asked, send: Send, *, metadata: bool) -> None:
        digest = judged.file.metadata if metadata else judged.file.sha256
        headers = _headers(judged, digest)
        etag = f'"{digest}"' if digest else ""
        known = by.headers.get(b"if-none-match")
        if known and etag and matches(known.decode("latin-1"), etag):
            self._record(by, judged, 304, metadata)
            await answer(send, 304, headers, b"", head=True)
            return
        size = _size(content)
        part = _part(by, etag, size)
        if part is UNSATISFIABLE:
            self._record(by, judged, 416, metadata)
            headers.append((b"content-range", f"bytes */{size}".encode()))
            await answer(send, 416, headers, b"", head=by.head)
            return
        pieces = self._pieces(content, part)
        if isinstance(content, bytes) and part is None:
            self._record(by, judged, 200, metadata)
            await answer(send, 200, headers, content, head=by.head)
            return
        # The first piece before the head: what fails at once is told by a status, not by a broken transfer.
        first = b"" if by.head else await anext(pieces, b"")
        self._record(by, judged, 206 if part else 200, metadata)
        await _start(send, headers, part, size)
        await _rest(send, first, pieces, head=by.head)

    async def _pieces(self, content: Bytes, part: Span | None) -> AsyncIterator[bytes]:
        if isinstance(content, bytes):
            yield content[part.start : part.stop] if part else content
        elif isinstance(content, Download):
            async for piece in content.chunks(part.start if part else 0, part.stop if part else None):
                yield piece
        else:
            at, stop = (part.start, part.stop) if part else (0, content.size)
            while at < stop:
                length = min(PIECE if self._sending < MANY else SMALL_PIECE, stop - at)
                found = content.read_now(at, length)
                piece = found if found is not None else await asyncio.to_thread(content.read, at, length)
                at += len(piece)
                if at == stop:  # without the last piece no client takes the others for a file
                    await content.demand_unchanged()
                yield piece
                if self._sending >= MANY:
                    await asyncio.sleep(0)  # a client that takes all it is sent lets others have their turn

    def _record(self, by: Asked, judged: Judged, status: int, metadata: bool) -> None:
        self._recorder.file(by, _matter(judged.file, judged.verdict, metadata=metadata), status)

    def _remember(self, path: str, file: ReleaseFile, *, metadata: bool) -> None:
        """Finish the head of a small file that was handed out, as the listing in force says it now."""
        digest = file.metadata if metadata else file.sha256
        content = self._gateway.small(digest) if digest else None
        listing = None if content is None else self._listing(path)
        judged = listing.by_path.get(path.removesuffix(METADATA)) if listing else None
        if content is None or not digest or not listing or not judged or judged.file != file:
            return
        verdict = at_revision(judged.verdict, listing.revision)
        if verdict.allowed:
            length = (b"content-length", str(len(content)).encode())
            head = head_of(200, [*_headers(judged, digest), *ALWAYS, length])
            listing.heads[path] = Head(digest, head, _matter(file, verdict, metadata=metadata))

    def _listing(self, path: str) -> Listing | None:
        """Return the listing in force that the file at ``path`` would be on, if it is at hand."""
        project = project_of(path.rpartition("/")[2].removesuffix(METADATA))
        return self._gateway.at_hand(project) if project else None


class RefusedDoor:
    """Answers under ``/refused/``: where tombstones lead. Nothing is ever handed out here."""

    def __init__(self, gateway: Gateway, readers: Readers, refusals: Refusals) -> None:
        self._gateway, self._readers, self._refusals = gateway, readers, refusals

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request for a file that a page listed as refused."""
        by = await self._readers.welcome(scope, send)
        if by is None:
            return
        filename = scope["path"].rpartition("/")[2]
        metadata = filename.endswith(METADATA)
        try:
            verdict = await self._gateway.why(filename.removesuffix(METADATA))
            if await refuses(by, verdict.subject.project, send):
                return
            await self._refusals.refuse(verdict, by, send, filename, metadata=metadata)
        except GateError as error:
            await fail(send, error, head=by.head)


def _matter(file: ReleaseFile, verdict: Verdict, *, metadata: bool) -> Matter:
    if metadata:
        return Matter.of("metadata", verdict, file.filename + METADATA)
    return Matter.of("file", verdict, file.filename)


def _headers(judged: Judged, digest: str | None) -> Headers:
    name = judged.file.filename.encode()
    headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", b'attachment; filename="' + name + b'"'),
        (b"cache-control", b"no-cache"),
        (b"accept-ranges", b"bytes"),
    ]
    return [*headers, (b"etag", f'"{digest}"'.encode())] if digest else headers


def _size(content: Bytes) -> int | None:
    if isinstance(content, bytes):
        return len(content)
    return content.size if isinstance(content, Blob) else content.length


def _part(by: Asked, etag: str, size: int | None) -> Span | None:
    wanted = by.headers.get(b"range")
    if wanted is None or size is None:
        return None
    return span(wanted.decode("latin-1"), by.headers.get(b"if-range", b"").decode("latin-1"), etag, size)


async def _start(send: Send, headers: Headers, part: Span | None, size: int | None) -> None:
    length = part.stop - part.start if part else size
    extra: Headers = list(ALWAYS)
    if length is not None:
        extra.append((b"content-length", str(length).encode()))
    if part:
        extra.append((b"content-range", f"bytes {part.start}-{part.stop - 1}/{size}".encode()))
    await send({"type": "http.response.start", "status": 206 if part else 200, "headers": headers + extra})


async def _rest(send: Send, piece: bytes, pieces: AsyncIterator[bytes], *, head: bool) -> None:
    """Send the body. When it turns out wrong the answer is left unfinished, which ends the connection."""
    while piece and not head:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        try:
            piece = await anext(pieces, b"")
        except GateError as error:
            log.error("A transfer was broken off: %s", error)
            return
    await send({"type": "http.response.body", "body": b""})
