"""What stands inside a wheel or a source archive, and archives that are bombs, broken or ambiguous."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Kind
from proxy.simple.inside import METADATA_AT_MOST, Odd, metadata_in
from tests.world import packages

WHEEL, SDIST = packages.wheel("flask", "3.0.0"), packages.sdist("flask", "3.0.0")
TOLD = packages.metadata("flask", "3.0.0")


class Bytes:
    """Bytes that are read by position, and count how much was asked for at once."""

    def __init__(self, content: bytes) -> None:
        self.content, self.most = content, 0

    def read(self, offset: int, length: int) -> bytes:
        self.most = max(self.most, length)
        return self.content[offset : offset + length]


def look(kind: Kind, content: bytes) -> bytes | None:
    return metadata_in(kind, Bytes(content), len(content))


def zipped(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, packing)
    return buffer.getvalue()


def tarred(members: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), 1)


def test_a_wheel_and_a_source_archive_say_who_they_are() -> None:
    assert look("wheel", WHEEL) == TOLD
    assert look("sdist", SDIST) == TOLD
    assert look("legacy", b"whatever it is") is None


@pytest.mark.parametrize(
    "members",
    [
        [],
        [("flask/METADATA", TOLD)],
        [("a/flask-3.0.0.dist-info/METADATA", TOLD)],
        [("flask-3.0.0.dist-info/METADATA", TOLD), ("fiask-3.0.0.dist-info/METADATA", TOLD)],
    ],
)
def test_a_wheel_without_one_metadata_is_none(members: list[tuple[str, bytes]]) -> None:
    with pytest.raises(Odd, match="METADATA files"):
        look("wheel", zipped(*members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_no_answer() -> None:
    name = "flask-3.0.0.dist-info/METADATA"
    with pytest.raises(Odd, match="2 METADATA files"):
        look("wheel", zipped((name, TOLD), (name, packages.metadata("fiask", "3.0.0"))))


def test_a_metadata_that_is_a_bomb_is_not_unpacked() -> None:
    bomb = zipped(("flask-3.0.0.dist-info/METADATA", b"\0" * (METADATA_AT_MOST + 1)))
    assert len(bomb) < 20_000
    with pytest.raises(Odd, match="too large"):
        look("wheel", bomb)


def test_a_metadata_that_lies_about_its_size_is_no_answer() -> None:
    bomb = zipped(("flask-3.0.0.dist-info/METADATA", b"\0" * (METADATA_AT_MOST + 1)))
    at = bomb.index(b"PK\x01\x02") + 24
    with pytest.raises(Odd):
        look("wheel", bomb[:at] + struct.pack("<I", 100) + bomb[at + 4 :])


def test_a_list_of_members_that_is_a_bomb_is_not_read() -> None:
    content = bytearray(WHEEL + b"\0" * (32 << 20))
    end = WHEEL.rindex(b"PK\x05\x06")
    tail = bytearray(WHEEL[end:])
    tail[12:20] = struct.pack("<II", 30 << 20, 0)
    source = Bytes(bytes(content + tail))
    with pytest.raises(Odd, match="list of members"):
        metadata_in("wheel", source, len(source.content))
    assert source.most <= 8 << 20


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_metadata_packed_as_no_wheel_is(packing: int) -> None:
    with pytest.raises(Odd, match="packed"):
        look("wheel", zipped(("flask-3.0.0.dist-info/METADATA", TOLD), packing=packing))


def test_a_pkg_info_counts_in_the_top_folder_alone() -> None:
    other = packages.metadata("other", "1")
    assert (
        look("sdist", tarred([("flask-3.0.0/src/x.egg-info/PKG-INFO", other), ("./flask-3.0.0/PKG-INFO", TOLD)]))
        == TOLD
    )
    assert look("sdist", tarred([("PKG-INFO", other)])) is None
    assert look("sdist", tarred([])) is None


def test_a_stream_that_is_a_bomb_is_left_unread() -> None:
    bomb = tarred([("flask-3.0.0/zeros", b"\0" * (40 << 20)), ("flask-3.0.0/PKG-INFO", TOLD)])
    assert len(bomb) < 1 << 20
    assert look("sdist", bomb) is None
    header = tarfile.TarInfo("flask-3.0.0/x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    assert look("sdist", gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (40 << 20), 1)) is None


@pytest.mark.parametrize("content", [b"", b"PK", b"\x1f\x8b", WHEEL[:-30], SDIST[:-30], b"<html>", WHEEL[50:]])
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_what_is_no_archive_is_said_so(kind: Kind, content: bytes) -> None:
    try:
        assert look(kind, content) == TOLD  # cut off behind what is looked for
    except Odd as odd:
        assert str(odd).endswith(".")


@given(
    st.sampled_from([WHEEL, SDIST]), st.integers(0, 2000), st.binary(max_size=40), st.sampled_from(["wheel", "sdist"])
)
def test_no_damage_makes_it_raise_anything_else(whole: bytes, at: int, damage: bytes, kind: Kind) -> None:
    with contextlib.suppress(Odd):
        look(kind, whole[:at] + damage + whole[at + len(damage) :])


def test_an_extended_header_that_holds_the_process_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A regular expression of Python's own reader takes days for a megabyte of digits (CVE-2024-6232)."""
    read: list[int] = []
    proper = tarfile.TarInfo._proc_pax  # type: ignore[attr-defined]  # typeshed does not know it

    def reading(member: tarfile.TarInfo, archive: tarfile.TarFile) -> tarfile.TarInfo:
        read.append(member.size)
        found: tarfile.TarInfo = proper(member, archive)
        return found

    monkeypatch.setattr(tarfile.TarInfo, "_proc_pax", reading)
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 4 << 20
    digits = header.tobuf(tarfile.USTAR_FORMAT) + b"1" * header.size
    assert look("sdist", gzip.compress(digits + gzip.decompress(SDIST), 1)) is None
    assert not read
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("flask-3.0.0/PKG-INFO")
        entry.size, entry.pax_headers = len(TOLD), {"mtime": "1700000000.25", "comment": "x" * 300}
        archive.addfile(entry, io.BytesIO(TOLD))
    assert look("sdist", gzip.compress(buffer.getvalue(), 1)) == TOLD
    assert len(read) == 1


def paxed(kind: bytes, **said: str) -> bytes:
    """An extended header that says so, as it lies in an archive."""
    lines = [f"{name}={value}\n" for name, value in said.items()]
    text = "".join(f"{len(line) + 3} {line}" for line in lines).encode()
    header = tarfile.TarInfo("pax")
    header.type, header.size = kind, len(text)
    return header.tobuf(tarfile.USTAR_FORMAT) + text.ljust(512, b"\0")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_the_map_of_a_sparse_file_is_not_read(kind: bytes) -> None:
    """Its 30 MiB pack into 30 KB, and hold fifteen million numbers: half a gigabyte as Python keeps them."""
    pieces = 15 << 19
    sparse = b"%d\n" % pieces + b"0\n" * (2 * pieces)
    entry = tarfile.TarInfo("flask-3.0.0/PKG-INFO")
    entry.size = len(sparse)
    head = paxed(kind, **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}) + entry.tobuf(tarfile.USTAR_FORMAT)
    archive = gzip.compress(head + sparse, 1)
    tracemalloc.start()
    assert look("sdist", archive) is None
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_an_old_sparse_file_is_not_read_either() -> None:
    """Its map goes on in as many blocks as say that another one follows."""
    entry = tarfile.TarInfo("flask-3.0.0/PKG-INFO")
    entry.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    head[482] = 1  # its map goes on
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    block = (b"00000000001\0" * 42).ljust(511, b"\1") + b"\0"
    archive = gzip.compress(bytes(head) + block * (16 << 11), 1)
    tracemalloc.start()
    assert look("sdist", archive) is None
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
