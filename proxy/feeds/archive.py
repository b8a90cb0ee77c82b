"""Files that hold one record each: the members of a zip archive, or of a folder, as bounded text.

Decided here:

* Sizes are checked before anything is inflated, and reading stops at them whatever a header says.
* Nothing is ever written, by whatever name. A member whose name leads out of the archive is not
  opened; what does not end in ``.json`` is not ours.
* Members are read here and not by zipfile, which takes more than twice as long for thousands of small ones; what
  it checks is checked: where the member begins, what it is called there, its size and its CRC.
* A file that is no whole archive is refused whole (:class:`~proxy.errors.FeedRefused`); a single
  member that cannot be inflated is a :class:`Fault` and the rest is read.

Must not know: what the text means.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from proxy.errors import FeedRefused
from proxy.feeds.progress import Progress

KEPT: Final = "What was in force stays in force."

_ENCRYPTED: Final = 0x1
_UTF_8: Final = 0x800
_LOCAL: Final = struct.Struct("<4s22xHH")
"""What stands before a member: a mark, how long its name is, and how long whatever follows that."""
_LONGEST_NAME: Final = 120
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)
"""All that zipfile raises over bytes that are no archive."""

Member = tuple[str, bytes]
"""A member's name, for telling it apart only, and its bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most: bytes of the file, members, bytes of one member and of all inflated.

    From ``ratio_from_bytes`` on, inflated, a zip may not be larger than ``ratio`` times its file.
    """

    file_bytes: int = 128 << 20
    members: int = 400_000
    member_bytes: int = 4 << 20
    total_bytes: int = 2 << 30
    ratio: int = 50
    ratio_from_bytes: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A member that is not, or not as it stands, in the data, and what is wrong with it."""

    member: str
    problem: str


def stem(member: str) -> str:
    """Return what a member is called without its folders and ``.json``: by custom the record's id."""
    return member.rpartition("/")[2].removesuffix(".json")


def fault(member: str, problem: str) -> Fault:
    """Return a fault whose texts are short and printable, whatever the archive says."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in member[:_LONGEST_NAME])
    return Fault(shown, problem)


def open_source(path: Path, limits: Limits) -> BinaryIO:
    """Open a file that may be read. Raises FeedRefused where it is too large or cannot be opened."""
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise _too_much(size, limits.file_bytes, "bytes")
        return path.open("rb")
    except OSError as error:
        raise FeedRefused(f"The advisory data cannot be read: {error}. {KEPT}") from error


def zip_members(file: BinaryIO, limits: Limits, progress: Progress) -> Iterator[Member | Fault]:
    """Yield the JSON members of an archive one at a time. Raises FeedRefused before the first."""
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN as error:
        step = "Fetch it again; if it stays so, tell whoever provides it."
        raise FeedRefused(f"The advisory data is no whole zip archive ({error}). {KEPT} {step}") from error
    with archive:
        wanted = [info for info in archive.infolist() if info.filename.endswith(".json")]
        fitting = sum(info.file_size for info in wanted if info.file_size <= limits.member_bytes)
        _bound(len(wanted), fitting, limits)
        _bound_ratio(fitting, file.seek(0, SEEK_END), limits)
        for info in progress.through("reading", wanted):
            problem = _suspicious(info, limits)
            yield fault(info.filename, problem) if problem else _inflated(file, info)


def folder_members(folder: Path, limits: Limits, progress: Progress) -> Iterator[Member | Fault]:
    """Yield the JSON files in and under a folder, by name. Raises FeedRefused before the first."""
    sizes = {path: path.stat().st_size for path in sorted(folder.rglob("*.json")) if path.is_file()}
    _bound(len(sizes), sum(size for size in sizes.values() if size <= limits.member_bytes), limits)
    for path, size in progress.through("reading", sizes.items()):
        name = path.relative_to(folder).as_posix()
        yield fault(name, _too_large(size, limits)) if size > limits.member_bytes else _read_file(name, path)


def _read_file(name: str, path: Path) -> Member | Fault:
    try:
        return name, path.read_bytes()
    except OSError as error:
        return fault(name, f"it cannot be read: {error.strerror}")


def _suspicious(info: zipfile.ZipInfo, limits: Limits) -> str:
    """Say why a member is not even opened, or nothing."""
    parts = info.filename.split("/")
    if "" in parts or ".." in parts or "\\" in info.filename or parts[0].endswith(":"):
        return "its name leads out of the archive, so it was not read"
    if (size := max(info.file_size, info.compress_size)) > limits.member_bytes:
        return _too_large(size, limits)
    if info.flag_bits & _ENCRYPTED or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "it is encrypted, or packed in another way than by deflate"
    return ""


def _inflated(file: BinaryIO, info: zipfile.ZipInfo) -> Member | Fault:
    try:
        return info.filename, _content(file, info)
    except _BROKEN as error:
        return fault(info.filename, f"it cannot be inflated: {error}")


def _content(file: BinaryIO, info: zipfile.ZipInfo) -> bytes:
    """Read a member, no further than the sizes that were checked. Raises one of _BROKEN."""
    file.seek(info.header_offset)
    mark, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    called = file.read(name).decode("utf-8" if info.flag_bits & _UTF_8 else "cp437")
    if mark != b"PK\x03\x04" or called != info.orig_filename:
        raise zipfile.BadZipFile("it is not where the archive says")
    packed = file.read(extra + info.compress_size)[extra:]
    stored = info.compress_type == zipfile.ZIP_STORED
    text = packed if stored else zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, info.file_size + 1)
    if len(text) != info.file_size or zlib.crc32(text) != info.CRC:
        raise zipfile.BadZipFile("it is not what the archive says")
    return text


def _bound(members: int, inflated: int, limits: Limits) -> None:
    if members > limits.members:
        raise _too_much(members, limits.members, "records")
    if inflated > limits.total_bytes:
        raise _too_much(inflated, limits.total_bytes, "bytes when inflated")


def _bound_ratio(inflated: int, packed: int, limits: Limits) -> None:
    if inflated > limits.ratio_from_bytes and inflated > packed * limits.ratio:
        what = f"times its own {packed} bytes when inflated"
        raise _too_much(inflated // max(packed, 1), limits.ratio, what)


def _too_much(found: int, most: int, what: str) -> FeedRefused:
    step = "Check where it comes from."
    return FeedRefused(f"The advisory data is too large: {found} {what}, at most {most} are read. {KEPT} {step}")


def _too_large(size: int, limits: Limits) -> str:
    return f"it is too large: {size} bytes, at most {limits.member_bytes} are read"
