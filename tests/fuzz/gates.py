"""A whole gate that is fed with bytes: as they come over a connection, or as the admin sends them.

In this process, so that fuzzing sees where they lead (:class:`Fed`), or in one of its own (:func:`told`).
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httptools
import httpx
import uvicorn
from uvicorn.server import ServerState

from proxy.prompt import PromptProtocol
from tests.world.inside import House, house
from tests.world.upstream import Listed, Upstream

SECONDS = 30.0
"""For so long an answer may take, whatever was asked: as long as ``/check`` may."""
_STATUS = re.compile(rb"^HTTP/1\.1 ([2-5][0-9]{2}) ", re.MULTILINE)
_LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_OURS = frozenset({502, 503})
"""What the gate answers for others that fail: nothing else of its own may be above 499."""


class _Transport(asyncio.Transport):
    """One end of a connection: what is written to it is kept."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent, self.closed = bytearray(), False

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        """Go on: everything is there already."""

    def resume_reading(self) -> None:
        """Go on."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Go on: all is taken at once."""

    def get_write_buffer_size(self) -> int:
        return 0


class Fed:
    """A running gate with an approved file, a withheld one, and a loop that runs while it is fed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, inside: House, withheld: Listed) -> None:
        self._loop, self._house, self._withheld = loop, inside, withheld
        self._config = uvicorn.Config(
            inside.gate.index, http=PromptProtocol, ws="none", lifespan="off", log_config=None
        )
        self._config.load()

    def request(self, data: bytes) -> None:
        """Whatever arrives on a connection is answered, or hung up on, without a fault of ours."""
        self._loop.run_until_complete(self._connection(data))

    async def _connection(self, data: bytes) -> None:
        state, transport = ServerState(), _Transport()
        protocol = PromptProtocol(self._config, state, {}, self._loop)
        protocol.connection_made(transport)
        protocol.data_received(data)
        for _ in range(50):
            if not state.tasks:
                break
            done, _ = await asyncio.wait(state.tasks, timeout=0.05)
            if not done:  # it waits for the rest of a body: the client leaves
                break
        protocol.connection_lost(None)
        async with asyncio.timeout(10):
            await asyncio.gather(*state.tasks)
        no_fault(bytes(transport.sent), self._withheld)

    def admin(self, data: bytes) -> None:
        """Whatever an owner sends to the API is done, or refused in words."""
        line, _, body = data.partition(b"\n")
        method, _, path = line.decode("latin-1").partition(" ")
        if method not in {"GET", "POST", "PATCH", "PUT", "DELETE"} or not path.startswith("/"):
            return
        with suppress(httpx.InvalidURL, UnicodeError):  # what this client itself does not send
            answer = self._loop.run_until_complete(self._sent(method, path, body))
            assert answer.status_code < 500 or answer.status_code in _OURS, answer.text

    async def _sent(self, method: str, path: str, body: bytes) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._house.token}", "content-type": "application/json"}
        return await self._house.client.request(method, f"/admin/api/v1{path}", headers=headers, content=body)


def no_fault(answers: bytes, withheld: Listed) -> None:
    """Check that nothing among the answers is our own fault, and nothing was handed out that is withheld."""
    statuses = {int(status) for status in _STATUS.findall(answers)}
    assert not {status for status in statuses if status >= 500} - _OURS, statuses
    assert withheld.content not in answers


class _Whole:
    """Counts the requests that are whole, by the parser that the gate has as well."""

    def __init__(self) -> None:
        self.count = 0

    def on_message_complete(self) -> None:
        self.count += 1


def told(port: int, data: bytes) -> bytes:
    """Send bytes to a running gate, and return its answers to all that is whole in them.

    Raises TimeoutError where one of them does not come in :data:`SECONDS`.
    """
    data += _LAST
    whole, answers = _Whole(), b""
    with suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        httptools.HttpRequestParser(whole).feed_data(data)
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line, suppress(ConnectionError):
        line.sendall(data)
        while len(_STATUS.findall(answers)) < whole.count and (piece := line.recv(1 << 20)):
            answers += piece
    return answers


@contextmanager
def fed(folder: Path) -> Iterator[Fed]:
    """Run a gate on a loop of its own. What escapes the application is raised, not logged."""
    loop = asyncio.new_event_loop()
    with Upstream() as index:
        wheel, withheld = index.release("flask", "3.0.0"), index.release("marmalade", "1.0", padding=100)
        wheel.path, withheld.path = (f"/packages/aa/bb/{listed.filename}" for listed in (wheel, withheld))
        running = house(folder, index.url, ttl=600)
        inside = loop.run_until_complete(running.__aenter__())
        loop.run_until_complete(inside.approve("flask==3.0.0"))
        loop.run_until_complete(inside.get(f"/files{wheel.path}"))
        try:
            yield Fed(loop, inside, withheld)
        finally:
            loop.run_until_complete(cast("Any", running).__aexit__(None, None, None))
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
