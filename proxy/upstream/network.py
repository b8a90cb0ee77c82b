"""Connections to the upstream: warm, bounded, and only to addresses that were looked at first.

A name is resolved here, its addresses are judged by :class:`proxy.upstream.origins.Origins`, and the
very address that was judged is connected to, so a name server that changes its mind in between (DNS
rebinding) gains nothing. TLS still verifies the host's name. Decided here:

* Pages travel over HTTP/2 where it is offered and h2 is there; files over HTTP/1.1, which costs Python a fraction.
* Nothing of the environment is used (no proxy variables, no netrc); cookies are not kept.
* Through an egress proxy the proxy resolves names, so there the network in front of it decides.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import certifi
import httpcore
import httpx

from proxy.extras import installed
from proxy.upstream.origins import Address, Origins, Place, origin_of
from proxy.upstream.wire import connect

BULK = "wicketgate.bulk"
"""Key of ``Request.extensions``: this answer is a file."""

PAGE_CONNECTIONS = 16
FILE_CONNECTIONS = 32
KEEP_WARM = 90.0
REMEMBERED = 30.0
NAMES_AT_MOST = 100
ONE_ADDRESS = 2.0
"""Seconds for one of several addresses to answer before the next one is tried."""


def _user_agent() -> str:
    try:
        return f"wicketgate/{version('wicketgate')}"
    except PackageNotFoundError:  # a checkout that was not installed
        return "wicketgate/0"


if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # httpcore looks for it on disk four times a request
USER_AGENT = _user_agent()
"""What the upstream sees, whoever asked."""


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, asks ``origins`` about every address, and connects to what was found good."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._names = Resolver()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of ``host`` that answers. Raises OriginRefused if none is allowed."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._usable(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name server did not answer in time") from error
        *others, last = addresses
        options = list(socket_options or ())
        end = time.monotonic() + (timeout or KEEP_WARM)
        for address in others:
            try:
                return await connect(str(address), port, ONE_ADDRESS, local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        left = max(end - time.monotonic(), ONE_ADDRESS)
        return await connect(str(last), port, left, local_address, options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks a backend to."""
        await asyncio.sleep(seconds)

    async def _usable(self, host: str, port: int) -> list[Address]:
        index = self._origins.index
        if not self._origins.settled:
            self._origins.reachable(index.host, index.port, await self._names.resolve(index.host, index.port))
        return self._origins.reachable(host, port, await self._names.resolve(host, port))


class Resolver:
    """Addresses by name, asked for once by all who want them at a time and remembered for half a minute.

    Every address is judged again at each connection, so what is remembered opens nothing.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], tuple[float, asyncio.Task[list[Address]]]] = {}

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Return the addresses of ``host``. Raises httpcore.ConnectError where there is none."""
        now = time.monotonic()
        until, task = self._asked.get((host, port), (0.0, None))
        if task is None or now >= until or (task.done() and (task.cancelled() or task.exception())):
            if len(self._asked) >= NAMES_AT_MOST:
                self._asked.clear()
            task = asyncio.create_task(_resolve(host, port))
            self._asked[host, port] = now + REMEMBERED, task
        return await asyncio.shield(task)


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address") from error
    return [ipaddress.ip_address(row[4][0]) for row in rows]


class _Transport(httpx.AsyncBaseTransport):
    """Three pools behind one seam: the index's pages and its files, which see our certificate, and all other hosts."""

    def __init__(self, index: Place, make: Callable[..., httpx.AsyncBaseTransport]) -> None:
        self._index = index.text
        self._pages = make(PAGE_CONNECTIONS, http2=installed("h2"), known=True)
        self._files = make(FILE_CONNECTIONS, http2=False, known=True)
        self._others = make(FILE_CONNECTIONS, http2=False, known=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        here = origin_of(str(request.url)) == self._index
        pool = self._others if not here else self._files if request.extensions.get(BULK) else self._pages
        return await pool.handle_async_request(request)

    async def aclose(self) -> None:
        for pool in (self._pages, self._files, self._others):
            await pool.aclose()


def make_client(
    origins: Origins,
    *,
    ca_file: Path | None = None,
    client_cert: tuple[Path, Path] | None = None,
    proxy: str | None = None,
) -> httpx.AsyncClient:
    """Return the client that :class:`Upstream` needs; whoever made it closes it.

    ``ca_file`` is trusted besides the system's authorities, ``client_cert`` is certificate and key, shown to the
    index's own origin alone, ``proxy`` the URL of an egress proxy.
    """

    def transport(connections: int, *, http2: bool, known: bool) -> httpx.AsyncBaseTransport:
        context = tls(ca_file, client_cert if known else None)
        limits = httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections // 2,
            keepalive_expiry=KEEP_WARM,
        )
        made = httpx.AsyncHTTPTransport(context, http2=http2, limits=limits, proxy=proxy, trust_env=False)
        if proxy is None:
            # httpx has no parameter for the network backend; its pool has.
            made._pool = httpcore.AsyncConnectionPool(
                ssl_context=context,
                max_connections=limits.max_connections,
                max_keepalive_connections=limits.max_keepalive_connections,
                keepalive_expiry=limits.keepalive_expiry,
                http2=http2,
                network_backend=CheckedBackend(origins),
            )
        return made

    client = httpx.AsyncClient(transport=_Transport(origins.index, transport), trust_env=False, follow_redirects=False)
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


@lru_cache(maxsize=4)
def tls(ca_file: Path | None = None, client_cert: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """Trust what the system trusts, and certifi where the system brings nothing (slim images)."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    if client_cert is not None:
        context.load_cert_chain(*client_cert)
    return context
