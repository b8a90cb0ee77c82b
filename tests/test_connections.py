"""Connections that bring nothing, or take nothing: each ends by its clock, and none that moves does."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from proxy import connections
from proxy.connections import GuardedProtocol

LARGE = 24 << 20
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HEAD + b"\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read what is posted; answer with a word.

    ``/large`` with much, ``/names`` with those of the headers, ``/brim`` with a little more than the system takes.
    """
    if scope["path"] == "/brim":
        await _to_the_brim(send)
        return
    if scope["method"] == "POST":
        await Request(scope, receive).body()
    body = bytes(LARGE) if scope["path"] == "/large" else b"word"
    if scope["path"] == "/names":
        body = b" ".join(name for name, _ in scope["headers"])
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def _to_the_brim(send: Send) -> None:
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]  # uvicorn's own
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not transport.get_write_buffer_size():
        await send({"type": "http.response.body", "body": bytes(4096), "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


class _Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave the test's signals alone."""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[uvicorn.Server]:
    """A server whose clocks run fast."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "WINDOW", 0.3)
    config = uvicorn.Config(_app, port=0, http=GuardedProtocol, ws="none", lifespan="off", log_level="error")
    server = _Quiet(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server
    server.should_exit = server.force_exit = True
    await running
    await let_go(server)


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    """Where it listens."""
    found: int = server.servers[0].sockets[0].getsockname()[1]
    return found


async def let_go(server: uvicorn.Server) -> None:
    """End the connections that a server left to their clients: the loop ends with the test."""
    while left := list(server.server_state.connections):
        for connection in left:
            connection.transport.abort()
        await asyncio.sleep(0.01)


async def _open(port: int, data: bytes) -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def _trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)


async def _ends(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


@pytest.mark.parametrize(
    ("before", "then"),
    [
        (b"", b""),
        (HEAD, b"X: " + b"a" * 400),
        (WHOLE, HEAD + b"X: " + b"a" * 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n", b"a" * 400),
        (HEAD + b"Content-Length: 4000\r\n\r\n", b"a" * 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 80),
    ],
    ids=["silence", "a head", "the second head", "a body", "a body that nobody reads", "chunks"],
)
async def test_what_does_not_come_to_its_end_is_hung_up_on(port: int, before: bytes, then: bytes) -> None:
    reader, writer = await _open(port, before)
    slowly = asyncio.create_task(_trickle(writer, then))
    await _ends(reader)
    slowly.cancel()
    writer.close()


async def test_a_body_that_moves_is_waited_for(port: int) -> None:
    pieces = 8
    reader, writer = await _open(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (pieces << 14))
    for _ in range(pieces):
        writer.write(bytes(1 << 14))
        await asyncio.sleep(0.1)
    assert (await reader.readuntil(b"word")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_an_answer_that_nobody_takes_is_let_go_of(port: int) -> None:
    reader, writer = await _open(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    taken = len(await reader.readuntil(b"\r\n\r\n"))
    await asyncio.sleep(1.5)
    assert taken + len(await _ends(reader)) < LARGE
    writer.close()


async def test_an_answer_that_is_taken_slowly_is_sent(port: int) -> None:
    reader, writer = await _open(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    left = LARGE
    while left:
        piece = await reader.read(4 << 20)
        assert piece, f"{left} bytes were not sent"
        left -= len(piece)
        await asyncio.sleep(0.02)
    writer.close()


async def test_an_answer_is_waited_for_while_the_system_sends_what_it_took(server: uvicorn.Server, port: int) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        line.connect(("127.0.0.1", port))
        line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(15):
            await asyncio.sleep(0.1)
            line.recv(32 << 10)
        assert server.server_state.connections, "it was hung up on"


async def test_the_last_bytes_of_an_answer_are_waited_for_by_a_clock_too(server: uvicorn.Server, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET /brim HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        connections = server.server_state.connections
        async with asyncio.timeout(10):
            while not connections:
                await asyncio.sleep(0.01)
            while connections:
                await asyncio.sleep(0.01)


async def test_a_good_connection_goes_on(port: int) -> None:
    reader, writer = await _open(port, b"")
    for _ in range(6):
        writer.write(WHOLE)
        assert (await reader.readuntil(b"word")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.1)
    writer.close()


async def test_more_requests_at_once_than_may_wait_end_the_connection(port: int) -> None:
    reader, writer = await _open(port, WHOLE * 20_000)
    assert (await _ends(reader)).count(b"word") < 20
    writer.close()


async def test_a_few_requests_at_once_are_answered_in_turn(port: int) -> None:
    reader, writer = await _open(port, WHOLE * 12)
    for _ in range(12):
        assert (await reader.readuntil(b"word")).startswith(b"HTTP/1.1 200")
    writer.close()


CHUNKED = b"POST /names HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("trailers", [b"X-One: y\r\n", b"X-One: y\r\nX-Two: y\r\n"])
async def test_what_follows_a_body_is_a_header_of_no_request(port: int, trailers: bytes) -> None:
    reader, writer = await _open(port, CHUNKED + b"4\r\nbody\r\n0\r\n" + trailers + b"\r\n" + CHUNKED + b"0\r\n\r\n")
    for _ in range(2):
        answer = await reader.readuntil(b"host transfer-encoding")
        assert b"content-length: 22" in answer
        assert b"x-" not in answer
    writer.close()


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"0\r\n", b"X: y\r\n" * 10_000), (b"0\r\nX: ", b"a" * 60_000), (b"1;", b"a" * 60_000)],
    ids=["trailers", "a trailer", "a remark on a chunk"],
)
@pytest.mark.parametrize("method", [b"GET /", b"POST /"])
async def test_what_comes_beside_a_body_is_bounded(port: int, method: bytes, begun: bytes, more: bytes) -> None:
    _, writer = await _open(port, CHUNKED.replace(b"POST /names", method) + begun)
    with pytest.raises(ConnectionError):
        for _ in range(1_000):
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(0)
    writer.close()


@pytest.mark.parametrize("make", [lambda: HEAD + b"X: " + b"a" * (1 << 20), lambda: HEAD + b"X: y\r\n" * 20_000])
async def test_a_head_of_any_size_is_hung_up_on(port: int, make: Callable[[], bytes]) -> None:
    reader, writer = await _open(port, make())
    assert b"200" not in await _ends(reader)
    writer.close()
