"""Finished answers: a page rendered, compressed and given its headers once for each representation.

They live in the listing they were made of and go with it. What a client's headers ask for is looked up
as it came, byte by byte, before it is understood: few distinct headers arrive, and often.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

from proxy.extras import installed
from proxy.lanes import JUDGING
from proxy.listings import Listing
from proxy.simple.negotiate import Format, coding_for, format_for
from proxy.simple.render import render
from proxy.web.http import ALWAYS, Asked, Finished, Headers, head_of
from proxy.web.listed import rows
from proxy.web.recording import answer_of

CODINGS = ("zstd", "gzip") if installed("zstandard") else ("gzip",)
SMALL_BODY = 64 << 10
LARGE_PAGE = 500
WISHES_AT_MOST = 64
"""How many spellings of what a client may want are remembered for one listing."""
WISH_BYTES = 512
"""Of one of them: installers are content with half of that, and anybody may send sixty thousand."""


@dataclass(frozen=True, slots=True)
class Body:
    """A page: its entity tag, its headers (with and without length) and its bytes.

    ``answer`` is what the record says of it in one word; ``whole`` and ``same`` are the finished answers to those
    who get it, and who have it.
    """

    etag: str
    headers: Headers
    bare: Headers
    content: bytes
    answer: str
    whole: Finished
    same: Finished


def wish_of(by: Asked, query: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what a client wants, as it came."""
    return by.headers.get(b"accept", b""), by.headers.get(b"accept-encoding", b""), query


async def of_listing(listing: Listing, by: Asked, query: bytes) -> Body | None:
    """Return the finished page in the form a client wants, None where no form fits."""
    wish = wish_of(by, query)
    form = form_of(by, query)
    if form is None:
        return None
    representation = (form.encode(), coding_of(by).encode(), b"")
    body = listing.bodies.get(representation)
    if not isinstance(body, Body):
        body = listing.bodies[representation] = await _page(listing, form, coding_of(by))
    if len(listing.bodies) < WISHES_AT_MOST and sum(map(len, wish)) <= WISH_BYTES:
        listing.bodies[wish] = body
    return body


def at_hand(listing: Listing, by: Asked, query: bytes) -> Body | None:
    """Return the finished page for a wish that was met before."""
    body = listing.bodies.get(wish_of(by, query))
    return body if isinstance(body, Body) else None


async def made(content: bytes, form: Format, coding: str, revision: int, answer: str) -> Body:
    """Give content its headers, and compress it: off the loop where that takes long."""
    etag = f'"{hashlib.sha256(form.encode() + coding.encode() + content).hexdigest()[:32]}"'
    bare: Headers = [
        (b"content-type", form.encode() if form is Format.JSON else f"{form}; charset=utf-8".encode()),
        (b"vary", b"Accept, Accept-Encoding"),
        (b"cache-control", b"no-cache"),
        (b"etag", etag.encode()),
        (b"x-wicketgate-revision", str(revision).encode()),
        *ALWAYS,
    ]
    if coding != "identity":
        bare.append((b"content-encoding", coding.encode()))
        small = len(content) < SMALL_BODY
        content = _compress(content, coding) if small else await JUDGING.run(_compress, content, coding)
    headers = [*bare, (b"content-length", str(len(content)).encode())]
    whole, same = Finished(head_of(200, headers), content), Finished(head_of(304, bare), b"")
    return Body(etag, headers, bare, content, answer, whole, same)


def form_of(by: Asked, query: bytes) -> Format | None:
    """Return the format a client wants, None where none fits."""
    return format_for(by.headers.get(b"accept", b"").decode("latin-1"), query.decode("latin-1"))


def coding_of(by: Asked) -> str:
    """Return the content coding a client wants."""
    return coding_for(by.headers.get(b"accept-encoding", b"").decode("latin-1"), CODINGS)


async def _page(listing: Listing, form: Format, coding: str) -> Body:
    composition = listing.composition
    status = None if composition.status == "active" else composition.status

    def rendered() -> bytes:
        return render(listing.project, rows(listing), form, status=status, status_reason=composition.status_reason)

    large = len(composition.files) > LARGE_PAGE
    content = await JUDGING.run(rendered) if large else rendered()
    return await made(content, form, coding, listing.revision, answer_of(composition.verdict))


def _compress(content: bytes, coding: str) -> bytes:
    if coding == "zstd":
        import zstandard  # noqa: PLC0415  an extra

        return zstandard.ZstdCompressor(level=3).compress(content)
    return gzip.compress(content, 6 if len(content) < SMALL_BODY else 3, mtime=0)
