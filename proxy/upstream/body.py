"""Answers read with suspicion: decoded under a cap, counted, and never faster than others can live with."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from proxy.errors import UpstreamBroken

SLICE = 1 << 20
"""Decoded bytes that are made in one go before others get their turn."""


def declared_length(response: httpx.Response) -> int | None:
    """Return Content-Length, None where there is none. Raises UpstreamBroken if it is no number."""
    text = response.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UpstreamBroken("The upstream's answer has a length that is no number.")
    return int(text)


def coding(response: httpx.Response) -> str:
    """Return the content coding, "" for none, as one lower-case text however many were stacked."""
    stacked: str = response.headers.get("content-encoding", "")
    return stacked.strip().lower().replace("identity", "")


Grown = Callable[[int], Awaitable[None]]
"""Is told how many bytes are there, and may take its time."""


async def gladly(_size: int) -> None:
    """Take any size."""


async def read(response: httpx.Response, at_most: int, grown: Grown = gladly) -> bytes:
    """Return the whole decoded body. Raises UpstreamBroken above ``at_most`` bytes or for odd codings."""
    if (declared_length(response) or 0) > at_most:
        raise _too_large(at_most)
    stream = response.aiter_raw()
    pieces = bytearray()
    async for piece in _decoded(stream, coding(response), at_most):
        pieces += piece
        if len(pieces) > at_most:
            raise _too_large(at_most)
        await grown(len(pieces))
    return bytes(pieces)


async def _decoded(stream: AsyncIterator[bytes], how: str, at_most: int) -> AsyncIterator[bytes]:
    if how not in {"", "gzip", "x-gzip"}:
        raise UpstreamBroken(f"The upstream's answer is coded in a way that nobody asked for: {how[:40]!r}.")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if how else None
    raw = 0
    async for chunk in stream:
        raw += len(chunk)
        if raw > at_most:
            raise _too_large(at_most)
        if inflate is None:
            yield chunk
            continue
        async for piece in _inflated(inflate, chunk):
            yield piece
    if inflate is not None and not inflate.eof:
        raise UpstreamBroken("The upstream's gzip answer ends too early.")


async def _inflated(inflate: zlib._Decompress, chunk: bytes) -> AsyncIterator[bytes]:
    try:
        while chunk:
            piece = inflate.decompress(chunk, SLICE)
            chunk = inflate.unconsumed_tail
            if inflate.unused_data:
                raise UpstreamBroken("The upstream's gzip answer has something behind its end.")
            yield piece
            if chunk:
                await asyncio.sleep(0)
    except zlib.error as error:
        raise UpstreamBroken("The upstream's gzip answer is damaged.") from error


def _too_large(at_most: int) -> UpstreamBroken:
    return UpstreamBroken(f"The upstream's answer is larger than {at_most >> 20} MiB.")
