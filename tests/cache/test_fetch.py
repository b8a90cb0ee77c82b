"""One fetch, many followers: nobody completes a wrong answer, nothing wrong is kept."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest

from proxy.cache.blobs import Blobs
from proxy.cache.fetch import Download, Fetches, Stream
from proxy.cache.growing import HELD_BACK
from proxy.errors import CacheError, DigestMismatch, GateError, OriginRefused, UpstreamAway, UpstreamBroken

CHUNK = 50_000
BODY = os.urandom(40 * CHUNK)
SHA256 = hashlib.sha256(BODY).hexdigest()


class Script:
    """An upstream that sends what it was given, waits where told, and counts how often it was asked."""

    def __init__(
        self,
        body: bytes = BODY,
        *,
        length: int | None = None,
        error: Exception | None = None,
        steps: bool = False,
    ) -> None:
        self.body, self.length, self.error = body, length, error
        self.opened = self.left = 0
        self.gate = asyncio.Semaphore(0 if steps else 1_000_000)

    def __call__(self) -> AbstractAsyncContextManager[Stream]:
        return self._stream()

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[Script]:
        self.opened += 1
        try:
            yield self
        finally:
            self.left += 1

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), CHUNK):
            await self.gate.acquire()
            yield self.body[start : start + CHUNK]
        await self.gate.acquire()
        if self.error:
            raise self.error

    def let(self, chunks: int) -> None:
        for _ in range(chunks):
            self.gate.release()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    blobs = Blobs(tmp_path)
    blobs.prepare()
    return blobs


def files(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file()]


async def whole(download: Download, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in download.chunks(start, stop)])


async def partly(getting: Awaitable[Download]) -> tuple[int, GateError]:
    """How much a follower got before it was broken off, and by what."""
    got = 0
    try:
        async for chunk in (await getting).chunks():
            got += len(chunk)
    except GateError as error:
        return got, error
    raise AssertionError("the answer completed")


async def settled(fetches: Fetches) -> None:
    await fetches.close(10)


async def test_a_file_arrives_is_verified_and_kept(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY))
    download = await fetches.get(SHA256, None, script)
    assert download.length == len(BODY)
    assert await whole(download) == BODY
    await settled(fetches)
    assert files(tmp_path) == [SHA256]
    blob = await blobs.open(SHA256)
    assert blob is not None
    with blob:
        assert blob.read(0, blob.size) == BODY
    assert await whole(download, 10, 20) == BODY[10:20]


@pytest.mark.parametrize("size", [0, 1, HELD_BACK - 1, HELD_BACK, HELD_BACK + 1, CHUNK, 3_000_000])
@pytest.mark.parametrize(("declared", "promised"), [(True, True), (True, False), (False, True), (False, False)])
async def test_files_of_any_size_with_and_without_a_length(
    blobs: Blobs, size: int, declared: bool, promised: bool
) -> None:
    body = BODY[:size] if size <= len(BODY) else BODY + BODY
    sha256 = hashlib.sha256(body).hexdigest()
    fetches, script = Fetches(blobs), Script(body, length=len(body) if declared else None)
    download = await fetches.get(sha256, len(body) if promised else None, script)
    assert await whole(download) == body
    await settled(fetches)
    blob = await blobs.open(sha256)
    assert blob is not None
    blob.close()


async def test_the_first_bytes_come_before_the_last_are_sent(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    getting = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    script.let(1)
    pieces = (await getting).chunks()
    assert await anext(pieces) == BODY[:CHUNK]
    script.let(1_000)
    assert b"".join([piece async for piece in pieces]) == BODY[CHUNK:]
    await settled(fetches)


WRONG = BODY[:-1] + bytes([BODY[-1] ^ 1])


@pytest.mark.parametrize(
    ("script", "size", "expected"),
    [
        (lambda: Script(WRONG, length=len(BODY)), None, DigestMismatch),
        (lambda: Script(WRONG), len(BODY), DigestMismatch),
        (lambda: Script(WRONG), None, DigestMismatch),
        (lambda: Script(BODY[:-1]), len(BODY), UpstreamBroken),
        (lambda: Script(BODY[:-1], length=len(BODY)), None, UpstreamBroken),
        (lambda: Script(BODY[:-1]), None, DigestMismatch),
        (lambda: Script(BODY + b"x"), len(BODY), UpstreamBroken),
        (lambda: Script(BODY + BODY, length=len(BODY)), None, UpstreamBroken),
        (lambda: Script(BODY[: CHUNK * 20], error=UpstreamAway("gone")), len(BODY), UpstreamAway),
        (lambda: Script(BODY, length=len(BODY), error=UpstreamAway("gone")), len(BODY), UpstreamAway),
    ],
)  # fmt: skip
async def test_wrong_short_long_and_broken_answers_never_complete(
    blobs: Blobs, tmp_path: Path, script: Callable[[], Script], size: int | None, expected: type[GateError]
) -> None:
    fetches, source = Fetches(blobs), script()
    followers = (partly(fetches.get(SHA256, size, source)) for _ in range(5))
    for got, error in await asyncio.gather(*followers):
        assert isinstance(error, expected)
        assert got <= len(BODY) - HELD_BACK
    await settled(fetches)
    assert files(tmp_path) == []
    assert source.left == 1


async def test_a_length_other_than_promised_is_refused_at_once(blobs: Blobs, tmp_path: Path) -> None:
    fetches = Fetches(blobs)
    with pytest.raises(UpstreamBroken, match="promised"):
        await fetches.get(SHA256, len(BODY), Script(length=7))
    await settled(fetches)
    assert files(tmp_path) == []


async def test_a_small_wrong_file_fails_before_any_answer_begins(blobs: Blobs) -> None:
    with pytest.raises(DigestMismatch):
        await Fetches(blobs).get(SHA256, None, Script(b"small"))


async def test_an_endless_file_ends_at_the_bound(blobs: Blobs, tmp_path: Path) -> None:
    fetches = Fetches(blobs, max_bytes=10 * CHUNK)
    got, error = await partly(fetches.get(SHA256, None, Script()))
    assert isinstance(error, UpstreamBroken)
    assert got <= 10 * CHUNK
    await settled(fetches)
    assert files(tmp_path) == []


async def test_no_part_of_an_unverified_file_completes(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    getting = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    script.let(39)
    download = await getting
    parts = [(0, 1), (10, 200_000), (0, len(BODY) - 1), (len(BODY) - 5, len(BODY)), (7, None)]
    readers = [asyncio.create_task(whole(download, *part)) for part in parts]
    await asyncio.sleep(0.05)
    assert not any(reader.done() for reader in readers)
    script.let(100)
    for (start, stop), reader in zip(parts, readers, strict=True):
        assert await reader == BODY[start:stop]
    await settled(fetches)


async def test_fifty_followers_cost_one_request(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY))

    async def follow() -> bool:
        return await whole(await fetches.get(SHA256, len(BODY), script)) == BODY

    assert all(await asyncio.gather(*(follow() for _ in range(50))))
    assert script.opened == 1
    await settled(fetches)


async def test_a_slow_and_a_late_follower_read_from_the_disk(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    getting = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    script.let(1)
    slow = (await getting).chunks()
    first = await anext(slow)
    script.let(35)
    await asyncio.sleep(0.05)
    late = await fetches.get(SHA256, len(BODY), script)
    reading = asyncio.create_task(whole(late))
    rest = asyncio.create_task(_join(slow))
    script.let(100)
    assert await reading == BODY
    assert first + await rest == BODY
    await settled(fetches)


async def _join(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_a_leading_client_that_leaves_ends_nothing(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    leader = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    await asyncio.sleep(0)
    follower = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    await asyncio.sleep(0)
    leader.cancel()
    script.let(100)
    assert await whole(await follower) == BODY
    assert script.opened == 1
    await settled(fetches)


async def test_a_file_that_nobody_waits_for_any_more_is_finished(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    leader = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    await asyncio.sleep(0)
    leader.cancel()
    script.let(100)
    await settled(fetches)
    assert files(tmp_path) == [SHA256]


async def test_a_failure_is_remembered_for_a_moment_only(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs, remember=0.05), Script(b"", error=UpstreamAway("gone"))
    for _ in range(3):
        with pytest.raises(UpstreamAway, match="gone"):
            await fetches.get(SHA256, None, script)
    assert script.opened == 1
    await asyncio.sleep(0.1)
    assert await whole(await fetches.get(SHA256, None, Script())) == BODY
    await settled(fetches)


async def test_downloads_and_those_who_wait_are_bounded(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs, max_running=1, max_waiting=2), Script(steps=True)
    waiting = [asyncio.create_task(fetches.get(SHA256, None, script)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(CacheError, match="Too many wait"):
        await fetches.get(SHA256, None, script)
    with pytest.raises(CacheError, match="Too many files"):
        await fetches.get("0" * 64, None, script)
    script.let(100)
    for download in await asyncio.gather(*waiting):
        assert await whole(download) == BODY
    await settled(fetches)


def refusing(sizes: Iterable[int]) -> object:
    allowed, real = iter(sizes), os.write

    def write(descriptor: int, data: memoryview) -> int:
        if next(allowed, 0) == 0:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    return write


@pytest.mark.parametrize("writes", [0, 1, 6])
async def test_a_full_disk_is_told_and_leaves_nothing(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    monkeypatch.setattr("proxy.cache.blobs.os.write", refusing([1] * writes))
    fetches = Fetches(blobs)
    with pytest.raises(CacheError, match="No space left"):
        await whole(await fetches.get(SHA256, len(BODY), Script()))
    await settled(fetches)
    monkeypatch.undo()
    assert files(tmp_path) == []


async def test_a_file_that_cannot_be_kept_is_handed_out_all_the_same(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("proxy.cache.blobs.os.fsync", full)
    fetches = Fetches(blobs)
    assert await whole(await fetches.get(SHA256, None, Script())) == BODY
    await settled(fetches)
    assert files(tmp_path) == []


async def test_no_descriptor_left_is_told(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("proxy.cache.blobs.os.open", none)
    with pytest.raises(CacheError, match="Too many open"):
        await Fetches(blobs).get(SHA256, None, Script())


async def test_a_failure_is_told_whole_to_all_and_again(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script(b"", error=OriginRefused("no", "https://evil.example"))
    for _ in range(3):
        with pytest.raises(OriginRefused, match="no") as caught:
            await fetches.get(SHA256, None, script)
        assert caught.value.origin == "https://evil.example"


async def test_a_growing_file_that_shrinks_breaks_its_readers_off(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    getting = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    script.let(30)
    download = await getting
    await asyncio.sleep(0.05)
    for temporary in tmp_path.glob("tmp-*"):  # noqa: ASYNC240 - nothing else runs
        os.truncate(temporary, 0)
    with pytest.raises(CacheError, match="shrank"):
        await whole(download)
    script.let(100)
    await settled(fetches)


async def test_a_stop_lets_running_downloads_end(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    getting = asyncio.create_task(fetches.get(SHA256, len(BODY), script))
    script.let(1)
    reading = asyncio.create_task(whole(await getting))
    closing = asyncio.create_task(fetches.close(30))
    await asyncio.sleep(0)
    with pytest.raises(CacheError, match="stopping"):
        await fetches.get("0" * 64, None, script)
    script.let(100)
    assert await reading == BODY
    await closing
    assert files(tmp_path) == [SHA256]


async def test_a_stop_breaks_off_what_does_not_end(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script = Fetches(blobs), Script(length=len(BODY), steps=True)
    reading = asyncio.create_task(partly(fetches.get(SHA256, len(BODY), script)))
    script.let(5)
    await asyncio.sleep(0)
    await fetches.close(0.01)
    _, error = await reading
    assert isinstance(error, CacheError)
    assert files(tmp_path) == []
    assert script.left == 1


async def test_all_descriptors_are_given_back(blobs: Blobs) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
    for body in (BODY, WRONG):
        fetches = Fetches(blobs)
        download = await fetches.get(SHA256, None, Script(body))
        with suppress(DigestMismatch):
            await whole(download)
        await settled(fetches)
        del download
    await asyncio.sleep(0.1)  # a thread that has just written lets go of the file a moment later
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - counted, not walked


async def test_a_size_beyond_the_bound_is_refused_whatever_was_promised(blobs: Blobs, tmp_path: Path) -> None:
    fetches = Fetches(blobs, max_bytes=10 * CHUNK)
    with pytest.raises(UpstreamBroken, match="at most"):
        await fetches.get(SHA256, len(BODY), Script())
    await settled(fetches)
    assert files(tmp_path) == []
