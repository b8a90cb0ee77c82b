"""OSV's export over the network: whole (``all.zip``), or only what changed (``modified_id.csv`` and single records).

Decided here:

* Nothing is believed to have arrived before :meth:`Export.accept` says that it was taken: data that was
  refused is fetched again, and not answered with "nothing changed".
* Sizes are bounded, redirects are not followed, nothing of the environment is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from urllib.parse import quote

import httpx

from proxy.errors import FeedRefused
from proxy.feeds.archive import KEPT, Member
from proxy.upstream.network import tls
from proxy.upstream.origins import split_credentials

DOWNLOAD_AT_MOST = 128 << 20
LIST_AT_MOST = 64 << 20
RECORD_AT_MOST = 4 << 20
AT_ONCE = 8
TIMEOUT = httpx.Timeout(30.0)
ARCHIVE = "all.zip"


class Export:
    """One export by its URL, in ``all.zip`` where single records lie beside it; ``url`` is without credentials.

    ``proxy`` is the URL of an egress proxy, "" for none; ``ca_file`` is trusted besides the system's authorities.
    """

    def __init__(self, url: str, proxy: str = "", ca_file: Path | None = None) -> None:
        self.url, self._credentials = split_credentials(url)
        self._proxy, self._ca_file = proxy or None, ca_file
        self._accepted: dict[str, str] = {}
        self._offered: dict[str, str] = {}

    @property
    def incremental(self) -> bool:
        """Whether single records can be asked for, as OSV lays its exports out."""
        return self.url.endswith(f"/{ARCHIVE}")

    def accept(self) -> None:
        """Note that what :meth:`whole` or :meth:`modified` brought last is in force now."""
        self._accepted |= self._offered

    async def whole(self, path: Path) -> bool:
        """Fetch the export into a file; False when the source says that nothing changed. Raises FeedRefused."""
        try:
            with path.open("wb") as file:
                async for piece in self._fetched(self.url, DOWNLOAD_AT_MOST):
                    file.write(piece)
        except OSError as error:
            raise FeedRefused(f"The advisory data cannot be written down: {error}. {KEPT}") from error
        except _Unchanged:
            return False
        return True

    async def modified(self) -> bytes | None:
        """Return ``modified_id.csv``, None when the source says that nothing changed. Raises FeedRefused."""
        try:
            return b"".join([piece async for piece in self._fetched(self._beside("modified_id.csv"), LIST_AT_MOST)])
        except _Unchanged:
            return None

    async def _fetched(self, url: str, limit: int) -> AsyncIterator[bytes]:
        """Yield a body, asked for by the entity tag that was accepted last. Raises FeedRefused, _Unchanged."""
        tag = self._accepted.get(url)
        async with self._client() as client:
            try:
                async with client.stream("GET", url, headers={"if-none-match": tag} if tag else {}) as answer:
                    if answer.status_code == httpx.codes.NOT_MODIFIED:
                        raise _Unchanged
                    answer.raise_for_status()
                    async for piece in _bounded(answer, limit):
                        yield piece
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _away(url, error) from error
        self._offered[url] = answer.headers.get("etag", "")

    async def records(self, ids: Iterable[str]) -> list[Member]:
        """Return single records, each under its member name. Raises FeedRefused if any cannot be had."""
        turn = asyncio.Semaphore(AT_ONCE)
        async with self._client() as client:

            async def one(name: str) -> Member:
                async with turn:
                    return name, await _record(client, self._beside(name))

            tasks = [asyncio.create_task(one(f"{identity}.json")) for identity in ids]
            try:
                return list(await asyncio.gather(*tasks))
            finally:  # where one failed the others are on their way still, and hold connections
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _client(self) -> httpx.AsyncClient:
        headers = {"accept-encoding": "identity"}
        return httpx.AsyncClient(
            timeout=TIMEOUT,
            trust_env=False,
            headers=headers,
            auth=self._credentials,
            verify=tls(self._ca_file),
            proxy=self._proxy,
        )

    def _beside(self, name: str) -> str:
        return self.url.removesuffix(ARCHIVE) + quote(name)


class _Unchanged(Exception):
    """The source has what was accepted last."""


async def _record(client: httpx.AsyncClient, url: str) -> bytes:
    try:
        async with client.stream("GET", url) as answer:
            answer.raise_for_status()
            return b"".join([piece async for piece in _bounded(answer, RECORD_AT_MOST)])
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _away(url, error) from error


async def _bounded(answer: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        if size > limit:
            raise FeedRefused(f"{answer.url} is larger than {limit >> 20} MiB. {KEPT}")
        yield piece


def _away(url: str, error: Exception) -> FeedRefused:
    return FeedRefused(f"{url} cannot be fetched ({type(error).__name__}: {error}). {KEPT} It is tried again.")
