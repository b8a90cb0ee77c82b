"""TLS: the certificate must name the host, whatever address was connected to; HTTP/2 where it is offered.

``index_example.pem`` is a certificate and key made for these tests, valid for index.example.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
from packaging.utils import NormalizedName

from proxy.errors import UpstreamAway
from proxy.upstream import Origins, Page, Upstream, make_client
from tests.upstream.test_network import resolving

PEM = Path(__file__).parent / "index_example.pem"
BODY = bytes(300_000)
FLASK = NormalizedName("flask")


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """HTTP/1.1."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
        await writer.drain()


async def multiplexed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """HTTP/2."""
    talk = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    talk.initiate_connection()
    writer.write(talk.data_to_send())
    left: dict[int, bytes] = {}
    while data := await reader.read(1 << 16):
        for event in talk.receive_data(data):
            if isinstance(event, h2.events.RequestReceived) and event.stream_id:
                talk.send_headers(event.stream_id, [(":status", "200"), ("content-type", "text/html")])
                left[event.stream_id] = BODY
        for stream in list(left):
            while left[stream] and talk.local_flow_control_window(stream):
                size = min(talk.local_flow_control_window(stream), talk.max_outbound_frame_size)
                piece, left[stream] = left[stream][:size], left[stream][size:]
                talk.send_data(stream, piece, end_stream=not left[stream])
        writer.write(talk.data_to_send())


@asynccontextmanager
async def serving_tls() -> AsyncIterator[tuple[int, list[str | None]]]:
    """A server that speaks both; yields its port and what each connection agreed on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    context.set_alpn_protocols(["h2", "http/1.1"])
    spoken: list[str | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        try:
            await (multiplexed if spoken[-1] == "h2" else plain)(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], spoken
    finally:
        server.close()


@asynccontextmanager
async def asking(host: str, port: int, ca_file: Path | None) -> AsyncIterator[tuple[Upstream, str]]:
    origin = f"https://{host}:{port}"
    origins = Origins(f"{origin}/simple/", lambda: {origin})
    async with make_client(origins, ca_file=ca_file) as client:
        yield Upstream(f"{origin}/simple/", client=client, origins=origins), origin


async def test_pages_travel_over_http_2_and_files_over_http_1(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"index.example": ["127.0.0.1"]})
    async with serving_tls() as (port, spoken), asking("index.example", port, PEM) as (upstream, origin):
        pages = await asyncio.gather(*(upstream.page(FLASK) for _ in range(10)))
        async with upstream.file(f"{origin}/a.whl") as stream:
            assert b"".join([chunk async for chunk in stream]) == BODY
    assert all(isinstance(page, Page) and page.body == BODY for page in pages)
    assert spoken == ["h2", "http/1.1"]


async def test_a_certificate_for_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"other.example": ["127.0.0.1"]})
    async with serving_tls() as (port, spoken), asking("other.example", port, PEM) as (upstream, _):
        with pytest.raises(UpstreamAway, match="certificate"):
            await upstream.page(FLASK)
    assert spoken == []


async def test_a_certificate_of_nobody_we_know_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"index.example": ["127.0.0.1"]})
    async with serving_tls() as (port, spoken), asking("index.example", port, None) as (upstream, _):
        with pytest.raises(UpstreamAway, match="certificate"):
            await upstream.page(FLASK)
    assert spoken == []


async def test_a_server_that_speaks_no_tls_means_away(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"index.example": ["127.0.0.1"]})

    async def blunt(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(blunt, "127.0.0.1", 0)
    async with asking("index.example", server.sockets[0].getsockname()[1], PEM) as (upstream, _):
        with pytest.raises(UpstreamAway):
            await upstream.page(FLASK)
    server.close()
