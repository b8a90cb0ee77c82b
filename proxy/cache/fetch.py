"""Fetches: one download a digest, owned by the gate and not by the request that began it.

Decided here:

* However many ask for a digest at once, its source is opened once; everybody follows the growing file.
* A client that leaves ends nothing; the file is finished and kept for the next one.
* Short, long or wrong bytes break every follower off before its answer is complete, and leave nothing behind.
* A failure is told to all who wait and remembered for a few seconds, so that a crowd does not ask again.
* Whoever asks may have the bytes checked when all are there, before anybody's answer is complete.
* When the disk fails after the bytes were verified, their readers still get them; they are not kept.

This file must not know where bytes come from: it is handed a source to open.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from proxy.cache.blobs import Blobs
from proxy.cache.growing import Check, Growing
from proxy.cache.writer import Writer
from proxy.errors import CacheError, DigestMismatch, GateError, UpstreamBroken, again

log = logging.getLogger(__name__)

FAILURES_AT_MOST = 1_000


class Stream(Protocol):
    """Bytes on their way: ``length`` is how many, None where nobody said."""

    @property
    def length(self) -> int | None:
        """Bytes to come."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...


Source = Callable[[], AbstractAsyncContextManager[Stream]]
"""Opens the bytes of one digest. Entering and reading raise GateErrors only."""

Matter = tuple[str, Check | None]
"""What makes downloads the same: the digest, and what the bytes are checked for."""


class Download:
    """A file that arrives while it is read; any number of reads at any time, each from memory or disk."""

    def __init__(self, sha256: str, growing: Growing) -> None:
        self.sha256 = sha256
        self._growing = growing

    @property
    def length(self) -> int | None:
        """Bytes of the whole file, None as long as that is not known."""
        return self._growing.length

    def chunks(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` (None: the end).

        The last 64 KiB of them are withheld until the whole file is verified. Raises DigestMismatch,
        UpstreamAway, UpstreamBroken or CacheError, and then what was yielded is worth nothing.
        """
        return self._growing.read(start, stop)


class Fetches:
    """The downloads under way.

    ``max_bytes`` bounds a file, whatever was promised, ``max_running`` the downloads, ``max_waiting``
    those who wait for one of them; ``remember`` is for how many seconds a failure is repeated.
    """

    def __init__(
        self,
        blobs: Blobs,
        *,
        max_bytes: int = 4 << 30,
        max_running: int = 256,
        max_waiting: int = 5_000,
        remember: float = 3.0,
    ) -> None:
        self._blobs, self._max_bytes, self._remember = blobs, max_bytes, remember
        self._max_running, self._max_waiting = max_running, max_waiting
        self._running: dict[Matter, Growing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: OrderedDict[Matter, tuple[float, GateError]] = OrderedDict()
        self._closing = False

    async def get(
        self, sha256: str, size: int | None, source: Source, *, check: Check | None = None, most: int | None = None
    ) -> Download:
        """Return the file of that digest as it arrives, when its answer can begin.

        ``size`` is what the index promised, in bytes; ``most`` bounds it in any case. ``check`` sees the whole
        before it completes; equal ones share a download. Look into the blobs first: this does not. Raises what
        ``source`` and ``check`` raised, DigestMismatch for a small file, or CacheError.
        """
        matter = sha256, check
        growing = self._running.get(matter)
        if growing is None:
            growing = self._start(matter, size, source, most or self._max_bytes)
        elif growing.waiting >= self._max_waiting:
            raise CacheError("Too many wait for this file already; try again soon.")
        await growing.ready()
        return Download(sha256, growing)

    async def close(self, grace: float) -> None:
        """Take nothing new, give running downloads ``grace`` seconds to end, then break them off."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, matter: Matter, size: int | None, source: Source, most: int) -> Growing:
        until, error = self._failed.get(matter, (0.0, None))
        if error is not None and time.monotonic() < until:
            raise again(error)
        if self._closing:
            raise CacheError("The gate is stopping; try again soon.")
        if len(self._running) >= self._max_running:
            raise CacheError("Too many files are on their way already; try again soon.")
        try:
            writer = self._blobs.writer(size or 0)
        except OSError as problem:
            raise _disk(problem) from problem
        growing = self._running[matter] = Growing(writer)
        work = self._run(matter, size, source, most, growing, writer)
        task = asyncio.create_task(work, name=f"fetch {matter[0][:12]}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return growing

    async def _run(
        self, matter: Matter, size: int | None, source: Source, most: int, growing: Growing, writer: Writer
    ) -> None:
        kept = False
        try:
            await _receive(size, source, most, growing)
            await growing.verify(*matter)
            kept = await _publish(writer)
        except GateError as error:
            self._note(matter, growing, error)
        except OSError as error:
            self._note(matter, growing, _disk(error))
        except asyncio.CancelledError:
            growing.fail(CacheError("The gate is stopping; try again soon."))
            raise
        finally:
            del self._running[matter]
            if not kept:
                writer.discard()

    def _note(self, matter: Matter, growing: Growing, error: GateError) -> None:
        """Tell everybody who waits, and for a moment those who come."""
        growing.fail(error)
        if isinstance(error, DigestMismatch):
            log.error("The upstream sent wrong bytes for %s.", matter[0])
        self._failed[matter] = time.monotonic() + self._remember, again(error)
        self._failed.move_to_end(matter)
        while len(self._failed) > FAILURES_AT_MOST:
            self._failed.popitem(last=False)


async def _receive(size: int | None, source: Source, most: int, growing: Growing) -> None:
    async with source() as stream:
        if size is not None and stream.length not in {None, size}:
            raise UpstreamBroken(f"The upstream sends {stream.length} bytes where {size} were promised.")
        length = stream.length if size is None else size
        limit = most if length is None else length
        if limit > most:
            raise UpstreamBroken(f"The upstream sends {length} bytes where at most {most} are taken.")
        growing.start(length)
        async for chunk in stream:
            if growing.taken + len(chunk) > limit:
                raise UpstreamBroken(f"The upstream sends more than the {limit} bytes that were promised.")
            await growing.add(chunk)
        if length is not None and growing.taken < length:
            raise UpstreamBroken(f"The upstream sent {growing.taken} of {length} bytes.")


async def _publish(writer: Writer) -> bool:
    try:
        await asyncio.to_thread(writer.publish)
    except OSError as error:
        log.warning("A file was fetched and handed out, but could not be kept: %s", error)
        return False
    return True


def _disk(error: OSError) -> CacheError:
    return CacheError(f"The file cache cannot be written: {error.strerror or error}. See to its disk.")
