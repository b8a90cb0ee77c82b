"""A raw server: a test writes each answer byte by byte and sees each request as it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request line and its headers, names in lower case."""

    target: str
    headers: dict[str, str]


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """The running server: where it is, and what it was asked."""

    origin: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.requests]


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer with these headers (``_`` for ``-``) and a right Content-Length unless one is given."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Length", str(len(body)))
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)

    async def send(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body)

    return send


@asynccontextmanager
async def serving(answers: Answer | dict[str, Answer] | list[Answer]) -> AsyncIterator[Raw]:
    """Serve: one answer for all, one a target, or one request after the other (the last one stays)."""
    raw = Raw("")

    def choose(request: Request) -> Answer:
        if isinstance(answers, dict):
            return answers.get(request.target, answer(404))
        if isinstance(answers, list):
            return answers[min(len(raw.requests), len(answers)) - 1]
        return answers

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                request = _read(head)
                raw.requests.append(request)
                await choose(request)(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    raw.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()


def _read(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return Request(first.split()[1], {name.lower(): value.strip() for name, value in pairs})
