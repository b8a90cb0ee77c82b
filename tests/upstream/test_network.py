"""The address is looked at before it is connected to."""

from __future__ import annotations

import asyncio
import socket

import pytest

from proxy.errors import OriginRefused, UpstreamAway
from proxy.upstream import Origins, Upstream, make_client
from tests.upstream.raw import answer, serving

Row = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]


def resolving(monkeypatch: pytest.MonkeyPatch, table: dict[str, list[str]]) -> list[str]:
    """Let the loop's resolver answer from a table; what is not in it has no address."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: object) -> list[Row]:
        asked.append(host)
        if host not in table:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in table[host]]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


async def fetch(index: str, allowed: str, url: str) -> None:
    origins = Origins(index, lambda: {allowed})
    async with make_client(origins) as client, Upstream(index, client=client, origins=origins).file(url):
        pass


async def test_a_file_host_that_resolves_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answer(200)) as raw:
        port = raw.origin.rpartition(":")[2]
        resolving(monkeypatch, {"index.example": ["1.1.1.1"], "files.example": ["127.0.0.1"]})
        origin = f"http://files.example:{port}"
        with pytest.raises(OriginRefused) as caught:
            await fetch("http://index.example/simple/", origin, f"{origin}/a.whl")
    assert "inside" in str(caught.value)
    assert raw.connections == 0


async def test_with_an_index_inside_the_file_host_may_be_inside_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answer(200)) as raw:
        port = raw.origin.rpartition(":")[2]
        resolving(monkeypatch, {"index.example": ["10.0.0.1"], "files.example": ["127.0.0.1"]})
        origin = f"http://files.example:{port}"
        await fetch("http://index.example/simple/", origin, f"{origin}/a.whl")
    assert raw.requests[0].headers["host"] == f"files.example:{port}"


async def test_the_address_that_was_looked_at_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(answer(200)) as raw:
        port = raw.origin.rpartition(":")[2]
        asked = resolving(monkeypatch, {"index.example": ["127.0.0.1"]})
        origin = f"http://index.example:{port}"
        await fetch(f"{origin}/simple/", origin, f"{origin}/a.whl")
    assert "127.0.0.1" not in asked
    assert raw.connections == 1


async def test_the_next_address_is_tried_when_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answer(200)) as raw:
        port = raw.origin.rpartition(":")[2]
        resolving(monkeypatch, {"index.example": ["127.0.0.2", "127.0.0.1"]})
        origin = f"http://index.example:{port}"
        await fetch(f"{origin}/simple/", origin, f"{origin}/a.whl")
    assert raw.connections == 1


async def test_a_name_without_an_address_means_away(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {})
    with pytest.raises(UpstreamAway):
        await fetch("http://index.example/simple/", "http://files.example", "http://files.example/a.whl")
