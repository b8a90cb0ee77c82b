"""The core metadata inside a wheel or a source archive, read without running or unpacking anything.

Decided here:

* A wheel has exactly one ``NAME.dist-info/METADATA``: where two stand in it, readers differ in which one counts.
* A source archive's ``PKG-INFO`` is looked for in its one top folder, as far as a bounded amount of the stream
  reaches. One that is not found there, and formats of old, say nothing.
* Sizes are bounded before anything is read: the directory of an archive, a member as it says and as it decodes,
  a compressed stream. What goes beyond is no archive that the gate serves.
* Behind an extended header (PAX) that is larger than any real one nobody looks: a regular expression of older
  Pythons takes a time that grows with its square (CVE-2024-6232), and holds the whole process meanwhile.
* Nor behind a sparse file, which no source archive needs: its map may list millions of pieces, all kept in memory.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import tarfile
import zipfile
import zlib
from typing import Final, Protocol

from proxy.model import Kind

METADATA_AT_MOST: Final = 8 << 20
DIRECTORY_AT_MOST: Final = 8 << 20
STREAM_AT_MOST: Final = 32 << 20
EXTENDED_AT_MOST: Final = 1 << 10
_STORED_OR_DEFLATED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METADATA: Final = re.compile(r"[^/]+\.dist-info/METADATA")
_PKG_INFO: Final = re.compile(r"[^/]+/PKG-INFO")
_BROKEN: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, struct.error),
    *(EOFError, ValueError, LookupError, ArithmeticError, RuntimeError),
)
"""What the readers of archives raise for bytes that are none."""


class Readable(Protocol):
    """Bytes that can be read by position."""

    def read(self, offset: int, length: int, /) -> bytes:
        """Return ``length`` bytes from ``offset``, fewer only at the end."""


class Odd(ValueError):
    """An archive that is not what its name says; the message is a sentence."""


def metadata_in(kind: Kind, content: Readable, size: int) -> bytes | None:
    """Return the core metadata in a file of ``size`` bytes, None where it says none. Raises Odd, OSError."""
    if kind == "legacy":
        return None
    try:
        return _of_wheel(_Reader(content, size)) if kind == "wheel" else _of_sdist(_Reader(content, size))
    except Odd:
        raise
    except _BROKEN as error:
        raise Odd(f"It cannot be read as an archive ({type(error).__name__}).") from error


class _Reader(io.RawIOBase):
    """A file over a :class:`Readable` that never hands out much at once."""

    def __init__(self, content: Readable, size: int) -> None:
        self._content, self._size, self._at = content, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        wanted = self._size - self._at if size < 0 else min(size, self._size - self._at)
        if wanted > DIRECTORY_AT_MOST:
            raise Odd(f"Its list of members is larger than {DIRECTORY_AT_MOST >> 20} MiB.")
        piece = self._content.read(self._at, max(wanted, 0))
        self._at += len(piece)
        return piece


def _of_wheel(file: _Reader) -> bytes:
    with zipfile.ZipFile(file) as archive:
        found = [member for member in archive.infolist() if _METADATA.fullmatch(member.filename)]
        if len(found) != 1:
            raise Odd(f"It holds {len(found) or 'no'} METADATA files where a wheel has one (PEP 427).")
        (member,) = found
        if member.file_size > METADATA_AT_MOST or member.compress_type not in _STORED_OR_DEFLATED:
            raise Odd("Its METADATA is too large, or packed in a way that no wheel is.")
        with archive.open(member) as stream:
            return stream.read(METADATA_AT_MOST)


def _of_sdist(file: _Reader) -> bytes | None:
    stream = _Bounded(gzip.GzipFile(fileobj=file))
    try:
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:
            for member in archive:
                if member.isfile() and _PKG_INFO.fullmatch(member.name.removeprefix("./")):
                    found = archive.extractfile(member) if member.size <= METADATA_AT_MOST else None
                    return found.read() if found else None
    except _Enough:
        pass  # it stands further back than anybody looks
    return None


class _Enough(Exception):
    """More was read of a stream than is looked at."""


class _Member(tarfile.TarInfo):
    """A member whose extended header is read only where it is a small one, and a sparse file's map never."""

    def _proc_pax(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size > EXTENDED_AT_MOST:
            raise _Enough
        read: tarfile.TarInfo = super()._proc_pax(archive)  # type: ignore[misc]  # typeshed does not know it
        return read

    def _sparse(self, *_: object) -> tarfile.TarInfo:
        raise _Enough

    _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _sparse


class _Bounded(io.RawIOBase):
    """A stream that ends looking after :data:`STREAM_AT_MOST` bytes: small files can decode to huge ones."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream, self._left = stream, STREAM_AT_MOST

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._left:
            raise _Enough
        piece = self._stream.read(size)
        self._left -= len(piece)
        return piece
