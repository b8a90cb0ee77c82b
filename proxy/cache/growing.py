"""A file on its way in: what has arrived can be read by many, before and while it is on disk.

The newest bytes are shared from memory, older ones come from the file, so a slow reader costs nothing
and many quick ones cost one copy. Nobody is given the last bytes of what they asked for before the
whole is verified: an answer can only complete when every byte was right.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from proxy.cache.files import Handle
from proxy.cache.writer import Writer
from proxy.errors import CacheError, DigestMismatch, GateError, again

HELD_BACK = 64 << 10
"""The last bytes of every answer, withheld until the digest is right."""

TAIL = 512 << 10
"""Bytes kept in memory for readers that are up to date."""

UNWRITTEN = 512 << 10
"""Bytes that may wait for the disk before reading from the upstream pauses."""

INLINE = 256 << 10
"""Bytes at the start of a file that are written on the spot: small files never see a thread."""

PIECE = 256 << 10
"""Bytes read back in one go, on the spot: they were written a moment ago, so no disk is waited for."""

BATCH = 256 << 10
LULL = 0.005
"""Seconds for which bytes may gather into one piece when there are several readers to wake."""


Check = Callable[[Handle, int], Awaitable[None]]
"""Sees a whole file, open and of so many bytes, before it completes; raises a GateError to break it off."""


class Growing:
    """The bytes that one writer adds and any number of readers follow."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._handle = writer, writer.handle
        self.length: int | None = None
        """Bytes of the whole, None as long as nobody said."""
        self.shown = 0
        """Bytes that readers may know of."""
        self._verified = False
        self._failure: GateError | None = None
        self._gathered: list[bytes] = []
        self._gathered_size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tail: deque[bytes] = deque()
        self._tail_start = 0
        self._unwritten: list[bytes] = []
        self._writing: asyncio.Future[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []

    # --- the writer's side

    async def add(self, chunk: bytes) -> None:
        """Take the next bytes. Raises OSError when the disk refuses those before."""
        self._unwritten.append(chunk)
        self._gathered.append(chunk)
        self._gathered_size += len(chunk)
        if len(self._waiting) < 2 or self._gathered_size >= BATCH:
            self._show()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LULL, self._show)
        await self._write()

    @property
    def taken(self) -> int:
        """Bytes that the writer has added."""
        return self.shown + self._gathered_size

    async def verify(self, sha256: str, check: Check | None = None) -> None:
        """Write what is left, compare, and check. Raises DigestMismatch, OSError, and what ``check`` raises."""
        await self._written()
        if self._unwritten:
            await asyncio.to_thread(self._writer.write, self._unwritten)
        self._show()
        if not hmac.compare_digest(self._writer.digest(), sha256):
            raise DigestMismatch("The bytes that arrived are not those that the index promised.")
        if check is not None:
            await check(self._handle, self.shown)
        self.length, self._verified = self.shown, True
        self._wake()

    def fail(self, error: GateError) -> None:
        """Break off every reader with ``error``."""
        self._cancel_timer()
        self._failure = again(error)
        self._tail.clear()
        self._wake()

    def start(self, length: int | None) -> None:
        """Note that the answer has begun, and how many bytes it will have if that was said."""
        self.length = length

    # --- the readers' side

    async def read(self, start: int, stop: int | None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` (None: the end) as they become certain enough.

        Raises the failure of the fetch as soon as it is known.
        """
        position = start
        while True:
            if self._failure is not None:
                raise again(self._failure)
            limit = self._limit(stop)
            if position < limit:
                piece = self._piece(position, limit)
                position += len(piece)
                yield piece
            elif self._verified:
                return
            else:
                await self._moved()

    def _limit(self, stop: int | None) -> int:
        if self._verified:
            return self.shown if stop is None else min(stop, self.shown)
        end = self.length if stop is None else stop
        return self.shown - HELD_BACK if end is None else min(self.shown, end - HELD_BACK)

    def _piece(self, position: int, limit: int) -> bytes:
        if position < self._tail_start or not self._tail:
            return self._read_back(position, min(PIECE, limit - position))
        offset = self._tail_start
        for piece in self._tail:
            if position < offset + len(piece):
                break
            offset += len(piece)
        return piece[position - offset : limit - offset]

    def _read_back(self, position: int, length: int) -> bytes:
        try:
            piece = self._handle.read(position, length)
        except OSError as error:
            raise CacheError(f"The file cache cannot be read: {error.strerror}.") from error
        if not piece:
            raise CacheError("A file shrank while it was read.")
        return piece

    async def ready(self) -> None:
        """Wait until an answer can begin. Raises the failure of the fetch if it has one by then.

        A file that is withheld as a whole is ready when it is verified, so its failure is told by a
        status and not by a broken transfer.
        """
        while self._failure is None and not self._verified and self._limit(None) <= 0:
            await self._moved()
        if self._failure is not None:
            raise again(self._failure)

    @property
    def waiting(self) -> int:
        """How many wait for news."""
        return len(self._waiting)

    async def _moved(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    # --- between them

    def _show(self) -> None:
        self._cancel_timer()
        if self._gathered:
            piece = self._gathered[0] if len(self._gathered) == 1 else b"".join(self._gathered)
            self._tail.append(piece)
            self.shown += len(piece)
            self._gathered, self._gathered_size = [], 0
            self._wake()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _write(self) -> None:
        if self._writing is not None and sum(map(len, self._unwritten)) > UNWRITTEN:
            await self._written()
        if self._writing is None or self._writing.done():
            await self._written()
            pieces, self._unwritten = self._unwritten, []
            if self._writer.size < INLINE:
                self._writer.write(pieces)
            else:
                loop = asyncio.get_running_loop()
                self._writing = loop.run_in_executor(None, self._writer.write, pieces)
        self._forget()

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    def _forget(self) -> None:
        """Let go of the tail as far as it is on disk and more than readers at the front need."""
        while self._tail and self.shown - self._tail_start - len(self._tail[0]) >= TAIL:
            if self._tail_start + len(self._tail[0]) > self._writer.size:
                break
            self._tail_start += len(self._tail.popleft())
