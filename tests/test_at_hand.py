"""Answers that are finished go out at once, in their order, and whole; everything else is called as ever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from proxy.errors import StoreError
from proxy.prompt import JOINED_AT_MOST, PromptProtocol
from proxy.web.http import Finished, answer, head_of
from tests.test_connections import let_go

LARGE = b"x" * (JOINED_AT_MOST + 1)


class App:
    """Has an answer at hand below ``/ready``, notes the order of what happens, and answers the rest when called."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def at_hand(self, scope: Scope) -> Finished | None:
        path = str(scope["path"])
        if path == "/broken":
            raise RuntimeError("an error of ours")
        if path == "/unkept":
            raise StoreError("the record cannot be kept")
        if not path.startswith("/ready"):
            return None
        self.happened.append(f"noted {path}")
        body = LARGE if path.endswith("/large") else path.encode()
        return Finished(head_of(200, [(b"content-length", str(len(body)).encode())]), body)

    def when_written(self, send: Callable[[], None]) -> None:
        self.happened.append("written")
        asyncio.get_running_loop().call_soon(send)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.happened.append(f"called {scope['path']}")
        await asyncio.sleep(0)
        await answer(send, 200, [], b"called " + scope["raw_path"], head=False)


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def ask(self, *paths: str, version: str = "1.1", headers: str = "") -> None:
        """Send requests in one piece."""
        self._writer.write(
            "".join(f"GET {path} HTTP/{version}\r\nHost: here\r\n{headers}\r\n" for path in paths).encode()
        )

    def send(self, content: bytes) -> None:
        """Send bytes in one piece."""
        self._writer.write(content)

    async def answer(self) -> tuple[bytes, bytes]:
        """Return head and body of the next answer."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return head, await self._reader.readexactly(length)

    async def ended(self) -> bool:
        """Whether the server closes the connection."""
        return await self._reader.read() == b""


@pytest.fixture
def place() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken


@contextlib.asynccontextmanager
async def serving(app: App, place: socket.socket, keep_alive: int = 60) -> AsyncIterator[Client]:
    """Serve, and connect."""
    config = uvicorn.Config(
        app, http=PromptProtocol, lifespan="off", log_level="critical", access_log=False,
        proxy_headers=False, timeout_keep_alive=keep_alive,
    )  # fmt: skip
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[place])
    ticking = asyncio.create_task(server.main_loop())
    reader, writer = await asyncio.open_connection(*place.getsockname())
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[place])
        await let_go(server)


async def test_a_finished_answer_leaves_when_it_is_written_and_nothing_is_called(place: socket.socket) -> None:
    app = App()
    async with serving(app, place) as client:
        client.ask("/ready/one")
        head, body = await client.answer()
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\ndate: " in head
        assert b"connection: close" not in head
        assert body == b"/ready/one"
        client.ask("/ready/large")
        assert (await client.answer())[1] == LARGE
        client.ask("/other")
        assert (await client.answer())[1] == b"called /other"
    written = ["noted /ready/one", "written", "noted /ready/large", "written"]
    assert app.happened == [*written, "called /other"]


async def test_requests_sent_together_are_answered_in_their_order(place: socket.socket) -> None:
    app, paths = App(), [f"/{'ready' if n % 3 else 'slow'}/{n}" for n in range(15)]
    async with serving(app, place) as client:
        client.ask(*paths)
        found = [(await client.answer())[1].removeprefix(b"called ").decode() for _ in paths]
    assert found == paths
    assert "called /ready/4" in app.happened, "what was sent behind another request waits its turn"


GOOD = b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.mark.parametrize("path", ["/ready/one", "/other"])
@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (b"NO REQUEST\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n" + b"x" * 200, b"HTTP/1.1 400"),
        (GOOD % b"/ready/two" + b"NO REQUEST\r\n\r\n", b"HTTP/1.1 400"),
        (b"POST / HTTP/1.1\r\nHost: here\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 6000, b""),
    ],
)
async def test_a_good_request_is_answered_before_what_ends_the_connection(
    place: socket.socket, path: str, behind: bytes, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.connections.HEAD_AT_MOST", 4096)
    app = App()
    async with serving(app, place) as client:
        client.send(GOOD % path.encode() + behind)
        assert (await client.answer())[1].endswith(path.encode())
        if said:
            assert (await client.answer())[0].startswith(said)
        assert await client.ended()
    assert not [what for what in app.happened if "two" in what], "nobody handed out what no longer leaves"


async def test_a_body_that_is_none_is_said_so_at_once(place: socket.socket) -> None:
    """Whoever answers waits for the rest of it."""

    class Reading(App):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive()).get("more_body"):
                pass
            self.happened.append("read")

    async with serving(Reading(), place) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: here\r\ntransfer-encoding: chunked\r\n\r\nno length\r\n")
        assert (await client.answer())[0].startswith(b"HTTP/1.1 400")
        assert await client.ended()


@pytest.mark.parametrize(("version", "headers"), [("1.0", ""), ("1.1", "Connection: close\r\n")])
async def test_a_client_that_wants_no_more_is_let_go(place: socket.socket, version: str, headers: str) -> None:
    async with serving(App(), place) as client:
        client.ask("/ready", version=version, headers=headers)
        head, body = await client.answer()
        assert b"connection: close\r\n" in head
        assert body == b"/ready"
        assert await client.ended()


async def test_an_error_of_ours_is_made_good_by_calling(place: socket.socket) -> None:
    async with serving(App(), place) as client:
        client.ask("/broken")
        assert (await client.answer())[1] == b"called /broken"


async def test_a_record_that_cannot_be_kept_is_answered_by_calling_and_fills_no_log(
    place: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(App(), place) as client:
        client.ask("/unkept")
        assert (await client.answer())[1] == b"called /unkept"
    assert not caplog.records


async def test_an_idle_connection_is_closed_whoever_answered_last(place: socket.socket) -> None:
    async with serving(App(), place, keep_alive=0) as client:
        client.ask("/ready")
        await client.answer()
        assert await client.ended()


def test_a_head_that_would_end_itself_is_none() -> None:
    with pytest.raises(ValueError, match="would end it"):
        head_of(200, [(b"x", b"one\r\nset-cookie: two")])
