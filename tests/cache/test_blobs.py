"""Blobs: what is kept is what its name says, whatever happens to the disk in between."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.cache.blobs import Blobs
from proxy.cache.files import TICK
from proxy.errors import CacheError


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def path_of(root: Path, body: bytes) -> Path:
    name = digest(body)
    return root / name[:2] / name[2:4] / name


def opened(root: Path) -> Blobs:
    """The directory as a new process sees it."""
    blobs = Blobs(root)
    blobs.prepare()
    return blobs


def put(blobs: Blobs, body: bytes) -> str:
    writer = blobs.writer()
    writer.write([body])
    writer.publish()
    return writer.digest()


async def read(blobs: Blobs, sha256: str) -> bytes | None:
    blob = await blobs.open(sha256)
    if blob is None:
        return None
    with blob:
        return blob.read(0, blob.size)


async def test_a_blob_is_found_by_its_digest(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    sha256 = put(blobs, b"wheel")
    assert sha256 == digest(b"wheel")
    blob = await blobs.open(sha256)
    assert blob is not None
    assert (blob.size, blob.path, blob.read(1, 3)) == (5, path_of(tmp_path, b"wheel"), b"hee")
    blob.close()
    assert await read(opened(tmp_path), sha256) == b"wheel"
    assert await read(blobs, digest(b"other")) is None


@pytest.mark.parametrize("name", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 63 + "\n", "a" * 65, "é" * 64])
async def test_a_name_that_is_no_digest_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        await opened(tmp_path).open(name)


async def test_only_the_owner_may_look(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        put(opened(tmp_path / "blobs"), b"wheel")
    finally:
        os.umask(previous)
    path = path_of(tmp_path / "blobs", b"wheel")
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (path.parent, path.parent.parent, tmp_path / "blobs"):
        assert folder.stat().st_mode & 0o777 == 0o700


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"x" * path.stat().st_size)
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


def keep_times(path: Path) -> None:
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("size", [5, 3 << 20])
@pytest.mark.parametrize("harm", [flip, replace, keep_times, lambda path: os.truncate(path, 2)])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_damaged_or_swapped_blob_is_dropped(
    tmp_path: Path, size: int, harm: Callable[[Path], None], restarted: bool
) -> None:
    blobs, body = opened(tmp_path), b"a" * size
    sha256 = put(blobs, body)
    assert await read(blobs, sha256) == body
    harm(path_of(tmp_path, body))
    if restarted:
        blobs = opened(tmp_path)
    assert await asyncio.gather(*(read(blobs, sha256) for _ in range(5))) == [None] * 5
    assert blobs.damaged == 1
    assert not path_of(tmp_path, body).exists()
    put(blobs, body)
    assert await read(blobs, sha256) == body


async def test_a_blob_that_shrinks_while_it_is_read_is_told(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    blob = await blobs.open(put(blobs, b"wheel"))
    assert blob is not None
    os.truncate(blob.path, 2)
    with blob, pytest.raises(CacheError, match="shrank"):
        blob.read(0, 5)


async def test_a_link_or_a_folder_in_place_of_a_blob_is_not_followed(tmp_path: Path) -> None:
    blobs = opened(tmp_path / "blobs")
    sha256 = put(blobs, b"wheel")
    path = path_of(tmp_path / "blobs", b"wheel")
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert await read(blobs, sha256) is None
    path.unlink()
    path.mkdir()
    assert await read(blobs, sha256) is None


async def test_a_large_blob_is_verified_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = put(opened(tmp_path), bytes(2 << 20))
    hashed: list[object] = []

    def counting(blob: object) -> str:
        hashed.append(blob)
        return sha256

    monkeypatch.setattr("proxy.cache.blobs.hash_of", counting)
    blobs = opened(tmp_path)
    await asyncio.sleep(2 * TICK / 1e9)
    await asyncio.gather(*(read(blobs, sha256) for _ in range(20)))
    assert len(hashed) == 1
    await asyncio.sleep(2 * TICK / 1e9)
    for _ in range(3):
        await read(blobs, sha256)
    assert len(hashed) == 2, (
        "once more, since it was noted as used, and what is written in the same tick looks the same"
    )


async def test_what_is_written_in_the_same_tick_is_noticed(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    for number in range(20):
        body = bytes([number]) * 100_000
        sha256 = put(blobs, body)
        flip(path_of(tmp_path, body))
        assert await read(blobs, sha256) is None


async def test_a_blob_that_is_written_to_while_it_is_read_is_not_read_to_its_end(tmp_path: Path) -> None:
    blobs, body = opened(tmp_path), bytes(100_000)
    sha256 = put(blobs, body)
    blob = await blobs.open(sha256)
    assert blob is not None
    with blob:
        path = path_of(tmp_path, body)
        os.utime(path)
        await blob.demand_unchanged()
        flip(path)
        with pytest.raises(CacheError, match="written to while it was read"):
            await blob.demand_unchanged()


async def test_a_start_clears_what_a_crash_left_and_spares_what_is_being_written(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    (tmp_path / "tmp-dead").write_bytes(b"half")
    living = blobs.writer()
    living.write([b"wheel"])
    opened(tmp_path)
    assert not (tmp_path / "tmp-dead").exists()
    living.publish()
    assert await read(blobs, digest(b"wheel")) == b"wheel"


def test_a_discarded_writer_leaves_nothing(tmp_path: Path) -> None:
    writer = opened(tmp_path).writer()
    writer.write([b"half"])
    writer.discard()
    assert list(tmp_path.iterdir()) == []
    assert writer.handle.read(0, 4) == b"half"


async def test_a_deleted_directory_costs_the_blobs_and_nothing_else(tmp_path: Path) -> None:
    blobs = opened(tmp_path / "blobs")
    sha256 = put(blobs, b"wheel")
    shutil.rmtree(tmp_path / "blobs")
    assert await read(blobs, sha256) is None
    put(blobs, b"wheel")
    assert await read(blobs, sha256) == b"wheel"


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"")
    with pytest.raises(CacheError, match="cannot be used"):
        Blobs(tmp_path / "blobs").prepare()


async def test_a_disk_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sick(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("proxy.cache.blobs.open_regular", sick)
    with pytest.raises(CacheError, match="Input/output"):
        await opened(tmp_path).open(digest(b""))


def age(root: Path, body: bytes, seconds: int) -> None:
    os.utime(path_of(root, body), (seconds, seconds))


async def test_the_longest_unused_are_trimmed_first(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    bodies = [bytes([number]) * 100 for number in range(5)]
    for number, body in enumerate(bodies):
        put(blobs, body)
        age(tmp_path, body, 1_000_000 + number)
    assert await read(opened(tmp_path), digest(bodies[0])) == bodies[0]  # used again
    left = await blobs.trim(300)
    assert (left.files, left.bytes) == (3, 300)
    assert [path_of(tmp_path, body).exists() for body in bodies] == [True, False, False, True, True]
    assert await blobs.trim(300) == left


async def test_pinned_blobs_go_only_above_the_hard_limit(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    bodies = [bytes([number]) * 100 for number in range(4)]
    for number, body in enumerate(bodies):
        put(blobs, body)
        age(tmp_path, body, 1_000_000 + number)
    pinned = {digest(body) for body in bodies[:3]}
    assert (await blobs.trim(100, pinned=pinned)).bytes == 300
    assert not path_of(tmp_path, bodies[3]).exists()
    assert (await blobs.trim(100, pinned=pinned, hard_bytes=250)).bytes == 200
    assert not path_of(tmp_path, bodies[0]).exists()


async def test_room_is_made_until_the_disk_has_space_again(tmp_path: Path) -> None:
    blobs = opened(tmp_path)
    put(blobs, b"a")
    put(blobs, b"b")
    assert (await blobs.trim(1 << 30, min_free=0)).files == 2
    assert (await blobs.trim(1 << 30, min_free=1 << 62)).files == 0


def test_a_writer_holds_its_lock(tmp_path: Path) -> None:
    writer = opened(tmp_path).writer()
    [path] = tmp_path.glob("tmp-*")
    with path.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    writer.discard()
