"""Pages, files and metadata of one upstream index, asked for politely.

Decided here:

* Request headers are a fixed set; no client's header ever travels on, credentials go to the index's
  own origin only and stand in no URL, log line or error.
* Redirects are followed by hand, few, each hop checked: pages within the index's origin, files within
  the allowed origins.
* Every answer has a deadline: silence, dripping, and for pages and metadata the whole.
* One more try is made where no answer had begun (a warm connection that was just closed), and for a
  page that met a 502, 503 or 504. Who fails again and again is left alone for a moment.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from packaging.utils import NormalizedName

from proxy.errors import OriginRefused, UpstreamAway, UpstreamBroken
from proxy.upstream import body
from proxy.upstream.breaker import Breaker
from proxy.upstream.failures import mapped, status_error
from proxy.upstream.network import BULK, USER_AGENT
from proxy.upstream.origins import Origins, follow, place_of, plain, split_credentials
from proxy.upstream.replies import MISSING, NOT_MODIFIED, Page, PageReply, Validators

ACCEPT_PAGE = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
PAGE_TIMEOUT = httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=10.0)
FILE_TIMEOUT = httpx.Timeout(connect=5.0, read=15.0, write=10.0, pool=30.0)
HOPS_AT_MOST = 4
METADATA_AT_MOST = 8 << 20
LONGEST_VALIDATOR = 256
TRY_AGAIN = frozenset({502, 503, 504})
GONE = frozenset({404, 410})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_ANSWER = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)

Headers = list[tuple[str, str]]


class Upstream:
    """One index and the files it leads to. ``client`` comes from :func:`make_client`; its maker closes it.

    ``page_deadline`` and ``header_deadline`` are seconds for a whole page, and for a file's answer to
    begin; ``window`` seconds may not pass with less than ``least`` bytes of a file.
    """

    def __init__(
        self,
        index_url: str,
        *,
        client: httpx.AsyncClient,
        origins: Origins,
        breaker: Breaker | None = None,
        max_page_bytes: int = 16 << 20,
        page_deadline: float = 20.0,
        header_deadline: float = 40.0,
        window: float = 30.0,
        least: int = 64 << 10,
    ) -> None:
        url, self._credentials = split_credentials(index_url)
        self.url = url.rstrip("/") + "/"
        self._client, self._origins, self._breaker = client, origins, breaker or Breaker()
        self._max_page_bytes, self._page_deadline = max_page_bytes, page_deadline
        self._header_deadline, self._window, self._least = header_deadline, window, least

    async def page(
        self, project: NormalizedName, validators: Validators | None = None, grown: body.Grown = body.gladly
    ) -> PageReply:
        """Return the index page of a project (PEP 503, PEP 691), conditionally where validators are given.

        ``grown`` hears how much of it is there. Raises UpstreamAway, UpstreamBroken or OriginRefused.
        """
        url = f"{self.url}{project}/"
        headers = [("Accept", ACCEPT_PAGE), ("Accept-Encoding", "gzip"), *_conditions(validators)]
        async with self._attempt(url, self._page_deadline):
            response, url = await self._follow(url, headers, self._origins.check_page, PAGE_TIMEOUT)
            if response.status_code in TRY_AGAIN:
                await response.aclose()
                response, url = await self._follow(url, headers, self._origins.check_page, PAGE_TIMEOUT)
            try:
                return await self._page(response, url, grown, conditional=validators is not None)
            finally:
                await response.aclose()

    async def _page(self, response: httpx.Response, url: str, grown: body.Grown, *, conditional: bool) -> PageReply:
        status = response.status_code
        if status in GONE:
            return MISSING
        if status == 304 and conditional:
            return NOT_MODIFIED
        if status != 200:
            raise status_error(status, place_of(url).text)
        content = await body.read(response, self._max_page_bytes, grown)
        return Page(content, response.headers.get("content-type", ""), url, _validators(response))

    async def document(self, url: str) -> bytes | None:
        """Return what stands beside a file, its ``.metadata`` (PEP 658) or provenance (PEP 740); None for nothing.

        At most 8 MiB, and only from where files may come from. Raises UpstreamAway, UpstreamBroken or OriginRefused.
        """
        async with self._attempt(url, self._page_deadline):
            response, url = await self._follow(url, _IDENTITY, self._check_file, FILE_TIMEOUT)
            try:
                if response.status_code in GONE:
                    return None
                _whole(response, url)
                return await body.read(response, METADATA_AT_MOST)
            finally:
                await response.aclose()

    @asynccontextmanager
    async def file(self, url: str) -> AsyncIterator[FileStream]:
        """Open the file at ``url`` as a stream of unverified bytes.

        Entering and reading raise UpstreamAway, UpstreamBroken or OriginRefused.
        """
        async with self._attempt(url, self._header_deadline):
            response, url = await self._follow(url, _IDENTITY, self._check_file, FILE_TIMEOUT)
        try:
            with mapped(place_of(url).text):
                _whole(response, url)
                stream = FileStream(response, place_of(url).text, self._window, self._least)
            yield stream
        finally:
            await response.aclose()

    def _check_file(self, url: str) -> None:
        self._origins.check(url)

    @asynccontextmanager
    async def _attempt(self, url: str, deadline: float) -> AsyncIterator[None]:
        """One errand under a deadline, refused at once where the origin was away just now."""
        origin = place_of(url).text
        if not self._breaker.admits(origin, time.monotonic()):
            raise UpstreamAway(f"{origin} was away a moment ago; it is asked again in a few seconds.")
        try:
            with mapped(origin):
                async with asyncio.timeout(deadline):
                    yield
        except UpstreamAway:
            self._breaker.failed(origin, time.monotonic())
            raise
        self._breaker.succeeded(origin)

    async def _follow(
        self, url: str, headers: Headers, check: Callable[[str], None], timeouts: httpx.Timeout
    ) -> tuple[httpx.Response, str]:
        """Ask, and follow redirects as far as ``check`` lets them lead. Returns the answer and its URL."""
        for _ in range(HOPS_AT_MOST):
            check(url)
            response = await self._ask(url, headers, timeouts)
            if response.status_code not in REDIRECTS:
                return response, url
            await response.aclose()
            url = follow(url, response.headers.get("location", ""))
        raise UpstreamBroken(f"{place_of(url).text} redirects in circles.")

    async def _ask(self, url: str, headers: Headers, timeouts: httpx.Timeout) -> httpx.Response:
        try:
            return await self._client.send(self._request(url, headers, timeouts), stream=True)
        except _NO_ANSWER:
            return await self._client.send(self._request(url, headers, timeouts), stream=True)

    def _request(self, url: str, headers: Headers, timeouts: httpx.Timeout) -> httpx.Request:
        """Build the request by hand: nothing of the client's defaults, jar or environment gets into it."""
        place = place_of(url)
        extensions = {"timeout": timeouts.as_dict(), BULK: timeouts is FILE_TIMEOUT}
        sent = [("User-Agent", USER_AGENT), *headers, *self._authorization(place.text)]
        request = httpx.Request("GET", url, headers=sent, extensions=extensions)
        read = request.url
        if (read.scheme, read.raw_host.decode("ascii"), read.port or place.port) != (
            place.scheme,
            place.host,
            place.port,
        ):
            raise OriginRefused(f"{place.text}: two readers of this address disagree about it.", place.text)
        return request

    def _authorization(self, origin: str) -> Headers:
        if self._credentials is None or origin != self._origins.index.text:
            return []
        pair = ":".join(self._credentials).encode()
        return [("Authorization", "Basic " + base64.b64encode(pair).decode("ascii"))]


class FileStream:
    """A file on its way: its ``length`` in bytes where the upstream said it, and its bytes as they come."""

    def __init__(self, response: httpx.Response, origin: str, window: float, least: int) -> None:
        self.length = body.declared_length(response)
        self._response, self._origin = response, origin
        self._window, self._least = window, least

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield pieces as they arrive. Raises UpstreamAway (silent, dripping) or UpstreamBroken."""
        since, got = time.monotonic(), 0
        with mapped(self._origin):
            async for chunk in self._response.aiter_raw():
                got += len(chunk)
                now = time.monotonic()
                if now - since > self._window:
                    if got < self._least:
                        raise UpstreamAway(f"{self._origin} sends too slowly to ever finish.")
                    since, got = now, 0
                yield chunk


_IDENTITY: Headers = [("Accept", "*/*"), ("Accept-Encoding", "identity")]


def _whole(response: httpx.Response, url: str) -> None:
    """Raise unless the answer is the file itself: complete and uncoded."""
    if response.status_code != 200:
        raise status_error(response.status_code, place_of(url).text)
    if body.coding(response):
        raise UpstreamBroken(f"{place_of(url).text} sent a file in a coding that nobody asked for.")


def _conditions(validators: Validators | None) -> Headers:
    if validators is None:
        return []
    pairs = [("If-None-Match", validators.etag), ("If-Modified-Since", validators.last_modified)]
    return [(name, value) for name, value in pairs if value]


def _validators(response: httpx.Response) -> Validators:
    """What the answer can be asked for again with, as far as it is fit to be sent back."""

    def fit(name: str) -> str | None:
        value = response.headers.get(name, "")
        return value if len(value) <= LONGEST_VALIDATOR and plain(value.replace(" ", "_")) else None

    return Validators(fit("etag"), fit("last-modified"))
