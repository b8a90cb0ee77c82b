"""Pages, files and metadata from an upstream that behaves, and from one that does not."""

from __future__ import annotations

import asyncio
import base64
import gzip
import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from packaging.utils import NormalizedName

from proxy.errors import OriginRefused, UpstreamAway, UpstreamBroken, UpstreamError
from proxy.upstream import MISSING, NOT_MODIFIED, Origins, Page, Upstream, Validators, make_client
from proxy.upstream.breaker import Breaker
from tests.upstream.raw import Answer, Raw, Request, answer, serving

FLASK = NormalizedName("flask")
PATIENT = Breaker(after=1_000)


@asynccontextmanager
async def asking(raw: Raw, *, user: str = "", breaker: Breaker = PATIENT, **options: float) -> AsyncIterator[Upstream]:
    url = raw.origin.replace("://", f"://{user}") + "/simple/"
    origins = Origins(url, lambda: {raw.origin})
    async with make_client(origins) as client:
        yield Upstream(url, client=client, origins=origins, breaker=breaker, **options)  # type: ignore[arg-type] # floats stand for whole numbers too


def sending(*pieces: bytes, then: float = 0) -> Answer:
    """Raw bytes, then silence for a while, then the end of the connection."""

    async def send(_: Request, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        await asyncio.sleep(then)
        writer.close()

    return send


async def read(upstream: Upstream, url: str) -> bytes:
    async with upstream.file(url) as stream:
        return b"".join([chunk async for chunk in stream])


# --- pages


async def test_a_page_is_asked_for_with_fixed_headers_and_by_its_canonical_name() -> None:
    reply = answer(200, b"{}", Content_Type="application/json", ETag='"1"', Last_Modified="Mon", Set_Cookie="a=b")
    async with serving(reply) as raw, asking(raw) as upstream:
        page = await upstream.page(FLASK)
        await upstream.page(FLASK)
    assert page == Page(b"{}", "application/json", f"{raw.origin}/simple/flask/", Validators('"1"', "Mon"))
    assert raw.targets == ["/simple/flask/", "/simple/flask/"]
    assert raw.connections == 1
    for request in raw.requests:
        assert set(request.headers) == {"host", "user-agent", "accept", "accept-encoding"}
        assert request.headers["user-agent"].startswith("wicketgate/")
        assert request.headers["accept"].startswith("application/vnd.pypi.simple.v1+json, ")


async def test_a_kept_page_is_asked_for_conditionally() -> None:
    async with serving(answer(304)) as raw, asking(raw) as upstream:
        assert await upstream.page(FLASK, Validators('"1"', "Mon")) is NOT_MODIFIED
        assert raw.requests[0].headers["if-none-match"] == '"1"'
        assert raw.requests[0].headers["if-modified-since"] == "Mon"
        with pytest.raises(UpstreamBroken):
            await upstream.page(FLASK)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_project_that_is_not_there_is_missing(status: int) -> None:
    async with serving(answer(status)) as raw, asking(raw) as upstream:
        assert await upstream.page(FLASK) is MISSING


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, UpstreamAway),
        (429, UpstreamAway),
        (403, UpstreamBroken),
        (204, UpstreamBroken),
        (206, UpstreamBroken),
        (300, UpstreamBroken),
    ],
)
async def test_other_answers_are_failures(status: int, error: type[UpstreamError]) -> None:
    async with (
        serving(answer(status, Content_Length="" if status == 204 else "0")) as raw,
        asking(raw) as upstream,
    ):
        with pytest.raises(error):
            await upstream.page(FLASK)
        assert len(raw.requests) == 1


async def test_a_page_is_asked_for_once_more_after_a_503() -> None:
    async with serving([answer(503), answer(200, b"ok")]) as raw, asking(raw) as upstream:
        page = await upstream.page(FLASK)
        assert isinstance(page, Page)
        assert page.body == b"ok"


async def test_a_warm_connection_that_was_just_closed_is_no_failure() -> None:
    async with serving([sending(), answer(200, b"ok")]) as raw, asking(raw) as upstream:
        assert isinstance(await upstream.page(FLASK), Page)


async def test_a_gzip_page_is_decoded() -> None:
    body = gzip.compress(b"page" * 1000)
    async with serving(answer(200, body, Content_Encoding="gzip")) as raw, asking(raw) as upstream:
        page = await upstream.page(FLASK)
        assert isinstance(page, Page)
        assert page.body == b"page" * 1000


def packed(content: bytes) -> bytes:
    """Compress without the time of day: two test workers must make the same parameters."""
    return gzip.compress(content, mtime=0)


BOMB = packed(bytes(4 << 20))


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (BOMB, "gzip"),
        (packed(BOMB), "gzip, gzip"),
        (b"x", "br"),
        (b"x", "gzip"),
        (b"", "gzip"),
        (packed(b"page")[:-1], "gzip"),
        (packed(b"page") + b"more", "gzip"),
        (zlib.compress(b"page"), "gzip"),
        (bytes(2 << 20), "identity"),
    ],
)
async def test_bombs_and_odd_codings_are_refused(body: bytes, coding: str) -> None:
    reply = answer(200, body, Content_Encoding=coding)
    async with serving(reply) as raw, asking(raw, max_page_bytes=1 << 20) as upstream:
        with pytest.raises(UpstreamBroken):
            await upstream.page(FLASK)


async def test_an_endless_page_ends_at_the_cap() -> None:
    async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    async with serving(endless) as raw, asking(raw, max_page_bytes=1 << 20) as upstream:
        with pytest.raises(UpstreamBroken, match="larger"):
            await upstream.page(FLASK)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nBad Header\xff: 1\r\n\r\n",),
        (b"HTTP/9.9 banana\r\n\r\n",),
        (b"\x00\xff\xfe" * 100,),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\n",),
    ],
)
async def test_malformed_answers_are_failures_of_ours(pieces: tuple[bytes, ...]) -> None:
    async with serving(sending(*pieces)) as raw, asking(raw) as upstream:
        with pytest.raises(UpstreamError):
            await upstream.page(FLASK)
        with pytest.raises(UpstreamError):
            await read(upstream, f"{raw.origin}/a.whl")


async def test_half_an_answer_and_silence_meets_the_deadline() -> None:
    half = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", then=60)
    async with serving(half) as raw, asking(raw, page_deadline=0.05) as upstream:
        with pytest.raises(UpstreamAway, match="in time"):
            await upstream.page(FLASK)


async def test_nobody_listening_means_away() -> None:
    async with serving(answer(200)) as raw:
        pass
    async with asking(raw) as upstream:
        with pytest.raises(UpstreamAway):
            await upstream.page(FLASK)


# --- redirects


async def test_a_page_may_redirect_within_the_index() -> None:
    answers = {"/simple/flask/": answer(301, Location="../Flask/"), "/simple/Flask/": answer(200, b"ok")}
    async with serving(answers) as raw, asking(raw) as upstream:
        page = await upstream.page(FLASK)
        assert isinstance(page, Page)
        assert page.url == f"{raw.origin}/simple/Flask/"


async def test_a_page_that_redirects_elsewhere_is_refused_unasked() -> None:
    async with (
        serving(answer(200, b"evil")) as other,
        serving(answer(302, Location=f"{other.origin}/simple/flask/")) as raw,
        asking(raw) as upstream,
    ):
        with pytest.raises(OriginRefused) as caught:
            await upstream.page(FLASK)
    assert caught.value.origin == other.origin
    assert other.requests == []


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://169.254.169.254/", "https://user@x.example/"])
async def test_a_redirect_to_a_place_of_no_business_is_refused(location: str) -> None:
    async with serving(answer(302, Location=location)) as raw, asking(raw) as upstream:
        with pytest.raises(OriginRefused):
            await upstream.page(FLASK)
        with pytest.raises(OriginRefused):
            await read(upstream, f"{raw.origin}/a.whl")


async def test_redirects_in_circles_end() -> None:
    async with serving(answer(302, Location="/simple/flask/")) as raw, asking(raw) as upstream:
        with pytest.raises(UpstreamBroken, match="circles"):
            await upstream.page(FLASK)
        assert len(raw.requests) < 10


# --- files


async def test_a_file_comes_as_a_stream_with_its_length() -> None:
    body = bytes(300_000)
    async with (
        serving(answer(200, body)) as raw,
        asking(raw) as upstream,
        upstream.file(f"{raw.origin}/a.whl") as stream,
    ):
        assert stream.length == len(body)
        assert b"".join([chunk async for chunk in stream]) == body
    assert raw.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [204, 206, 304, 404, 403])
async def test_a_file_answer_that_is_not_the_whole_file_is_refused(status: int) -> None:
    length = "" if status in {204, 304} else "0"
    async with serving(answer(status, Content_Length=length)) as raw, asking(raw) as upstream:
        with pytest.raises(UpstreamBroken):
            await read(upstream, f"{raw.origin}/a.whl")


async def test_an_encoded_file_is_refused() -> None:
    async with (
        serving(answer(200, packed(b"x"), Content_Encoding="gzip")) as raw,
        asking(raw) as upstream,
    ):
        with pytest.raises(UpstreamBroken, match="coding"):
            await read(upstream, f"{raw.origin}/a.whl")


async def test_a_file_from_elsewhere_is_refused_unasked() -> None:
    async with (
        serving(answer(200)) as other,
        serving(answer(302, Location=f"{other.origin}/a")) as raw,
        asking(raw) as upstream,
    ):
        here, there = f"{raw.origin}/a.whl", f"{other.origin}/a.whl"
        for url in (here, there, "http://0x7f.1/a.whl", "file:///a", "\ud800"):
            with pytest.raises(OriginRefused):
                await read(upstream, url)
    assert other.requests == []


async def test_a_file_that_drips_is_given_up() -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with serving(drip) as raw, asking(raw, window=0.05) as upstream:
        with pytest.raises(UpstreamAway, match="slowly"):
            await read(upstream, f"{raw.origin}/a.whl")


async def test_an_error_of_whoever_reads_a_file_stays_their_own() -> None:
    async with serving(answer(200, b"x")) as raw, asking(raw) as upstream:
        with pytest.raises(OSError, match="disk"):
            async with upstream.file(f"{raw.origin}/a.whl"):
                raise OSError("disk")


async def test_metadata_is_bytes_or_nothing() -> None:
    answers = {
        "/a.whl.metadata": answer(200, b"Name: a\n"),
        "/big.metadata": answer(200, bytes((8 << 20) + 1)),
    }
    async with serving(answers) as raw, asking(raw) as upstream:
        assert await upstream.document(f"{raw.origin}/a.whl.metadata") == b"Name: a\n"
        assert await upstream.document(f"{raw.origin}/b.whl.metadata") is None
        with pytest.raises(UpstreamBroken):
            await upstream.document(f"{raw.origin}/big.metadata")


# --- credentials


async def test_credentials_go_to_the_index_alone_and_are_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(answer(200, b"x")) as other, serving([answer(200, b"x"), answer(500)]) as raw:
        url = raw.origin.replace("://", "://me:s%65cret@") + "/simple/"
        origins = Origins(url, lambda: {other.origin, raw.origin})
        async with make_client(origins) as client:
            upstream = Upstream(url, client=client, origins=origins)
            page = await upstream.page(FLASK)
            await read(upstream, f"{other.origin}/a.whl")
            with pytest.raises(UpstreamAway) as caught:
                await upstream.page(FLASK)
    expected = "Basic " + base64.b64encode(b"me:secret").decode()
    assert [request.headers["authorization"] for request in raw.requests] == [expected, expected]
    assert "authorization" not in other.requests[0].headers
    assert isinstance(page, Page)
    told = " ".join([page.url, upstream.url, str(caught.value), repr(caught.value.__cause__), caplog.text])
    assert "secret" not in told
    assert "s%65cret" not in told
    assert expected not in told


# --- health


async def test_an_origin_that_keeps_failing_is_left_alone() -> None:
    async with serving(answer(500)) as raw, asking(raw, breaker=Breaker(after=3, pause=600)) as upstream:
        for _ in range(3):
            with pytest.raises(UpstreamAway, match="500"):
                await upstream.page(FLASK)
        with pytest.raises(UpstreamAway, match="moment ago"):
            await upstream.page(FLASK)
        assert len(raw.requests) == 3


def test_after_the_pause_one_attempt_decides() -> None:
    breaker = Breaker(after=2, window=10, pause=5)
    breaker.failed("a", 0)
    assert breaker.admits("a", 0)
    breaker.failed("a", 1)
    assert not breaker.admits("a", 2)
    assert breaker.admits("b", 2)
    assert breaker.admits("a", 6)
    assert not breaker.admits("a", 6)
    breaker.succeeded("a")
    assert breaker.admits("a", 6)


def test_failures_far_apart_do_not_add_up() -> None:
    breaker = Breaker(after=2, window=10, pause=5)
    breaker.failed("a", 0)
    breaker.failed("a", 100)
    assert breaker.admits("a", 100)


@pytest.mark.parametrize(
    "error",
    [httpx.PoolTimeout(""), httpx.ConnectError("x"), httpx.InvalidURL("x"), httpx.DecodingError("x"),
     httpx.LocalProtocolError("x"), UnicodeError("x"), ValueError("x"), OSError("x"), httpx.StreamClosed(),
     httpx.UnsupportedProtocol("x\r\nforged"), TimeoutError()],
)  # fmt: skip
async def test_whatever_the_network_raises_is_mapped(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    origins = Origins("https://index.example/simple", lambda: {"https://files.example"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        upstream = Upstream("https://index.example/simple", client=client, origins=origins, breaker=PATIENT)
        asks: list[Callable[[], Awaitable[object]]] = [
            lambda: upstream.page(FLASK),
            lambda: upstream.document("https://files.example/a.metadata"),
            lambda: read(upstream, "https://files.example/a"),
        ]
        for ask in asks:
            with pytest.raises(UpstreamError) as caught:
                await ask()
            assert "\n" not in str(caught.value)
