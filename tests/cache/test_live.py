"""Fetches fed by a live server through the real client: what installers would see of its faults."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from proxy.cache.blobs import Blobs
from proxy.cache.fetch import Fetches
from proxy.cache.growing import HELD_BACK
from proxy.errors import DigestMismatch, GateError, UpstreamAway, UpstreamBroken
from proxy.upstream import Origins, Upstream, make_client
from tests.upstream.raw import Answer, Raw, Request, answer, serving

BODY = os.urandom(3 << 20)
SHA256 = hashlib.sha256(BODY).hexdigest()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


@asynccontextmanager
async def gate(raw: Raw, root: Path, **options: float) -> AsyncIterator[tuple[Fetches, Upstream]]:
    url = f"{raw.origin}/simple/"
    origins, blobs = Origins(url, lambda: {raw.origin}), Blobs(root)
    blobs.prepare()
    async with make_client(origins) as client:
        fetches = Fetches(blobs)
        yield fetches, Upstream(url, client=client, origins=origins, **options)  # type: ignore[arg-type] # seconds only
        await fetches.close(5)


async def download(fetches: Fetches, upstream: Upstream, raw: Raw, size: int | None) -> tuple[bytes, GateError | None]:
    """What one client got, and what broke it off."""
    got = b""
    try:
        arriving = await fetches.get(SHA256, size, lambda: upstream.file(f"{raw.origin}/a.whl"))
        async for piece in arriving.chunks():
            got += piece
    except GateError as error:
        return got, error
    return got, None


def sending(head: bytes, *pieces: bytes, pause: float = 0) -> Answer:
    async def send(_: Request, writer: asyncio.StreamWriter) -> None:
        for piece in (head, *pieces):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()

    return send


async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(bytes(1 << 16))
        await writer.drain()


async def silent(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % len(BODY) + BODY[: 1 << 20])
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


def found(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [None, len(BODY)])
@pytest.mark.parametrize(
    "good",
    [
        answer(200, BODY),
        sending(b"HTTP/1.1 200 OK\r\n\r\n", BODY),
        sending(HEAD % len(BODY), *(BODY[at : at + 100_000] for at in range(0, len(BODY), 100_000)), pause=0.001),
    ],
)
async def test_fifty_clients_cost_one_request(tmp_path: Path, good: Answer, size: int | None) -> None:
    async with serving(good) as raw, gate(raw, tmp_path) as (fetches, upstream):
        answers = await asyncio.gather(*(download(fetches, upstream, raw, size) for _ in range(50)))
        assert answers == [(BODY, None)] * 50
        assert len(raw.requests) == 1
    assert found(tmp_path) == [SHA256]


@pytest.mark.parametrize("size", [None, len(BODY)])
@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (answer(200, BODY[:-1]), (UpstreamBroken, DigestMismatch)),
        (answer(200, BODY + b"x"), (UpstreamBroken, DigestMismatch)),
        (answer(200, BODY[:-1] + b"x"), DigestMismatch),
        (sending(HEAD % len(BODY), BODY[:-1]), UpstreamBroken),
        (sending(b"HTTP/1.1 200 OK\r\n\r\n", BODY[:-1]), (UpstreamBroken, DigestMismatch)),
        (answer(206, BODY), UpstreamBroken),
        (answer(200, BODY, Content_Encoding="gzip"), UpstreamBroken),
        (answer(500, BODY), UpstreamAway),
        (silent, UpstreamAway),
    ],
)
async def test_a_wrong_answer_completes_for_nobody_and_leaves_nothing(
    tmp_path: Path, bad: Answer, expected: type[GateError] | tuple[type[GateError], ...], size: int | None
) -> None:
    async with serving(bad) as raw, gate(raw, tmp_path, window=0.05) as (fetches, upstream):
        answers = await asyncio.gather(*(download(fetches, upstream, raw, size) for _ in range(5)))
        assert len(raw.requests) == 1
    for got, error in answers:
        assert isinstance(error, expected)
        assert len(got) <= len(BODY) - HELD_BACK + 1
    assert found(tmp_path) == []


async def test_an_endless_answer_ends_where_the_promise_does(tmp_path: Path) -> None:
    async with serving(endless) as raw, gate(raw, tmp_path) as (fetches, upstream):
        got, error = await download(fetches, upstream, raw, len(BODY))
    assert isinstance(error, UpstreamBroken)
    assert len(got) <= len(BODY) - HELD_BACK
    assert found(tmp_path) == []


async def test_a_client_that_leaves_in_the_middle_ends_nothing(tmp_path: Path) -> None:
    async with serving(answer(200, BODY)) as raw, gate(raw, tmp_path) as (fetches, upstream):
        arriving = await fetches.get(SHA256, None, lambda: upstream.file(f"{raw.origin}/a.whl"))
        async for _ in arriving.chunks():
            break
        assert await download(fetches, upstream, raw, None) == (BODY, None)
        assert len(raw.requests) == 1
    assert found(tmp_path) == [SHA256]
