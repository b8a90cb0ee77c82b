"""The upstream's pages as the gate knows them: kept, revalidated, asked for once, served stale.

Decided here:

* A page younger than the index TTL is used as it is; an older one is revalidated conditionally.
* However many ask for one page, the upstream is asked once.
* With the upstream away a kept page goes on serving, marked stale, and is tried again after a pause.
* Nobody waits long for an upstream that hangs: after a moment the kept page serves, stale, and what the upstream says
  counts when it comes. Until it answered something again, nobody else waits at all.
* A page without any file takes no other's place, unless it says that the project is quarantined: then an index lists
  none (PEP 792).
* A project that the upstream does not have is remembered for a short while only.
* Pages are counted by their bytes as well, and large ones read one after the other: an upstream may send any.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packaging.utils import NormalizedName

from proxy.cache.pages import KeptPage, Pages
from proxy.errors import CacheError, UpstreamBroken, UpstreamError, again
from proxy.lanes import READING
from proxy.model import ProjectPage
from proxy.simple.parse import parse
from proxy.upstream import NOT_MODIFIED, Arrivals, Page, Upstream

log = logging.getLogger(__name__)

PARSED_FILES_AT_MOST = 100_000
"""How many file rows of parsed pages stay in memory, about 1 kB each."""
ROW_BYTES = 300
"""Of a page as it was sent, for each row that it counts as: an index that writes long ones fills no more memory."""

LARGE_PAGE = 2 << 20
"""Bytes beyond which a page counts threefold more: few real ones are larger, and one of those is enough in memory."""

RETRY_AFTER = timedelta(seconds=10)
PATIENCE = 1.0
"""Seconds for which an answer may wait for the upstream where there is a kept page."""
STALE_FOR = timedelta(seconds=1)
"""So soon is it looked whether the upstream has answered meanwhile."""
MISSING_FOR = timedelta(seconds=60)
LARGE_BODY = 256 << 10


@dataclass(frozen=True, slots=True)
class Held:
    """A project's page (None: the upstream has none), until when it may be used, and whether it is stale.

    ``said_at`` is when the upstream last said so, None where it did not.
    """

    page: ProjectPage | None
    good_until: datetime
    stale: bool = False
    size: int = 0
    """Bytes of the page as it was sent."""
    said_at: datetime | None = None


class Shelf:
    """Gets pages from memory, the page cache or the upstream, in this order."""

    def __init__(self, upstream: Upstream, pages: Pages, ttl: timedelta, clock: Callable[[], datetime]) -> None:
        self._upstream, self._pages, self._ttl, self._clock = upstream, pages, ttl, clock
        self._held: OrderedDict[NormalizedName, Held] = OrderedDict()
        self._rows = 0
        self._asking: dict[NormalizedName, asyncio.Task[Held]] = {}
        self._arrivals = Arrivals()
        self._patience = PATIENCE

    async def get(self, project: NormalizedName, *, fresh: bool = False) -> Held:
        """Return the page, asking the upstream when it is due or ``fresh`` is wanted.

        Raises UpstreamError when the upstream fails and nothing was kept.
        """
        held = self._held.get(project)
        if held and not fresh and self._clock() < held.good_until:
            self._held.move_to_end(project)
            return held
        task = self._asking.get(project)
        if task is None:
            task = self._asking[project] = asyncio.create_task(self._ask(project, fresh=fresh))
            task.add_done_callback(lambda _: self._asking.pop(project, None))
        return await (asyncio.shield(task) if fresh else self._or_stale(project, task, held))

    async def _or_stale(self, project: NormalizedName, task: asyncio.Task[Held], held: Held | None) -> Held:
        """Return what the upstream says, or what is kept where that takes too long. Raises what ``task`` raises."""
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        if done:
            return task.result()
        kept = held or await self._from_disk(project)
        if kept is None or kept.page is None:
            return await asyncio.shield(task)
        self._patience = 0.0
        task.add_done_callback(self._answered)
        return replace(kept, good_until=self._clock() + STALE_FOR, stale=True)

    def _answered(self, task: asyncio.Task[Held]) -> None:
        """Have patience again with an upstream that answered. A failure was told to whoever waited, and in the log."""
        if not task.cancelled() and task.exception() is None and not task.result().stale:
            self._patience = PATIENCE

    async def _from_disk(self, project: NormalizedName) -> Held | None:
        """Return the page as it was kept before this process began, None where none can be read."""
        kept = await asyncio.to_thread(self._kept, project)
        try:
            return await self._read(project, kept) if kept else None
        except UpstreamBroken as error:
            log.warning("The kept page of %s cannot be read: %s", project, error)
            return None

    async def at_hand(self, project: NormalizedName) -> ProjectPage | None:
        """Return the page that is kept, however old, None where none is. The upstream is never asked."""
        held = self._held.get(project) or await self._from_disk(project)
        return held.page if held else None

    async def _ask(self, project: NormalizedName, *, fresh: bool) -> Held:
        try:
            return await self._asked(project, fresh=fresh)
        except UpstreamError as error:
            failure = again(error)
        raise failure

    async def _asked(self, project: NormalizedName, *, fresh: bool) -> Held:
        kept = await asyncio.to_thread(self._kept, project)
        now = self._clock()
        if kept and not fresh and now < kept.fetched_at + self._ttl:
            return self._keep(project, await self._read(project, kept))
        try:
            async with self._arrivals.one() as arrival:
                reply = await self._upstream.page(project, kept.validators if kept else None, arrival.grown)
                if isinstance(reply, Page):
                    arrived = KeptPage(reply.body, reply.content_type, reply.url, reply.validators, now)
                    return await self._replace(project, arrived, kept)
        except UpstreamError as error:
            if kept is None:
                raise
            log.warning("The kept page of %s goes on serving: %s", project, error)
            return self._keep(
                project, replace(await self._read(project, kept), good_until=now + RETRY_AFTER, stale=True)
            )
        if reply is NOT_MODIFIED and kept:
            return await self._replace(project, replace(kept, fetched_at=now), None)
        return self._keep(project, Held(None, now + min(self._ttl, MISSING_FOR)))

    async def _replace(self, project: NormalizedName, fresh: KeptPage, kept: KeptPage | None) -> Held:
        """Hold a page that arrived, and keep it. Raises UpstreamBroken where it cannot take the kept one's place."""
        held = await self._read(project, fresh)
        emptied = held.page is not None and not held.page.files and held.page.status != "quarantined"
        if kept and emptied and (await self._read(project, kept)).page != held.page:
            raise UpstreamBroken(f"The page of {project} lists no file any more: that is no answer of an index.")
        await asyncio.to_thread(self._put, project, fresh)
        return self._keep(project, held)

    def _kept(self, project: NormalizedName) -> KeptPage | None:
        try:
            return self._pages.get(project)
        except CacheError as error:
            log.error("A kept page cannot be read, the upstream is asked instead: %s", error)
            return None

    def _put(self, project: NormalizedName, kept: KeptPage) -> None:
        try:
            self._pages.put(project, kept)
        except CacheError as error:
            log.error("A page is not kept: %s", error)

    async def _read(self, project: NormalizedName, kept: KeptPage) -> Held:
        """Parse a page. Raises UpstreamBroken."""
        arguments = kept.body, kept.content_type, kept.url, project
        large = len(kept.body) > LARGE_BODY
        page = await READING.run(parse, *arguments) if large else parse(*arguments)
        return Held(page, kept.fetched_at + self._ttl, size=len(kept.body), said_at=kept.fetched_at)

    def _keep(self, project: NormalizedName, held: Held) -> Held:
        self._forget(project)
        self._held[project] = held
        self._rows += _rows(held)
        while self._rows > PARSED_FILES_AT_MOST and len(self._held) > 1:
            self._forget(next(iter(self._held)))
        return held

    def _forget(self, project: NormalizedName) -> None:
        gone = self._held.pop(project, None)
        self._rows -= _rows(gone) if gone else 0


def _rows(held: Held) -> int:
    listed = len(held.page.files) + len(held.page.unreadable) if held.page else 0
    return 10 + max(listed, (held.size + 3 * max(0, held.size - LARGE_PAGE)) // ROW_BYTES)
