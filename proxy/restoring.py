"""Restoring: what a backup holds, unpacked into an empty directory and verified, or refused with nothing left behind.

Decided here:

* Whatever is read from a backup has a name that this file knows, and the digest of the manifest, which the audit key
  signed (:mod:`proxy.audit.signing`).
* What a backup says of its sizes is summed against the disk before anything is unpacked.
* A restored gate begins in an empty directory, which appears whole or not at all.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec

from proxy.audit import signing
from proxy.audit.key import KeyPlace
from proxy.backups import ARCHIVE, DATABASE, FORMAT, MANIFEST, SIGNATURE, File, Manifest
from proxy.cache.files import sync_folder
from proxy.errors import StoreError
from proxy.policy import notes

_KNOWN = re.compile(
    rf"{re.escape(MANIFEST)}|{re.escape(SIGNATURE)}|{re.escape(DATABASE)}|instance"
    rf"|names-[0-9a-f]{{64}}\.csv|decisions-[0-9a-f-]+\.journal|{ARCHIVE}/[\w.-]+\.jsonl\.gz"
    r"|cache/blobs/([0-9a-f]{2}/){2}[0-9a-f]{64}|cache/pages/[a-z0-9-]+\.page",
    re.ASCII,
)
_PIECE: Final = 1 << 20
_BLOCK: Final = 4 << 10
"""Bytes that a file takes on the disk however short it is."""
_LEFT_FREE: Final = 20
"""What part of the free disk is left free."""
_LARGEST: Final = {MANIFEST: 256 << 20, SIGNATURE: notes.LONGEST}
"""Bytes of what is read into memory."""
_LONGEST_HEADER: Final = 64 << 10


class _Header(tarfile.TarInfo):
    """A header of a file, or of a long name or size: what tarfile reads into memory by itself is bounded."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header. Raises ReadError for one of another kind."""
        header = super().frombuf(buf, encoding, errors)
        more = header.type == tarfile.XHDTYPE and header.size <= _LONGEST_HEADER
        if not more and header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise tarfile.ReadError("it holds something else than files")
        return header


def read(source: Path, folder: Path, key: KeyPlace, *, unsigned: bool) -> tuple[Manifest, str]:
    """Unpack a backup into an empty folder; returns what was in it, and a sentence on its signature.

    Raises StoreError for anything that is not what its manifest says, and for a manifest that ``key`` did not sign
    (``unsigned`` lets one pass that nobody signed). Raises SettingsError for a key that cannot be used.
    """
    try:
        with _opened(source) as tar:
            found = {member.name: _unpack(tar, member, folder) for member in _fitting(source, tar, folder)}
        content = _taken(folder / MANIFEST)
        note = _taken(folder / SIGNATURE).decode(errors="replace") if SIGNATURE in found else ""
        manifest = msgspec.json.decode(content, type=Manifest)
    except FileNotFoundError as error:
        raise StoreError(f"{source} is not there, or ends before its manifest: it is no whole backup.") from error
    except (OSError, EOFError, tarfile.TarError, zlib.error, msgspec.MsgspecError) as error:
        raise StoreError(f"{source} cannot be read as a backup: {error}.") from error
    if manifest.format != FORMAT:
        raise StoreError(f"{source} was written by another Wicketgate ({manifest.version}). Restore it with that one.")
    for name in sorted((found.keys() | manifest.files.keys()) - {MANIFEST, SIGNATURE}):
        if found.get(name) != manifest.files.get(name):
            raise StoreError(f"{source} is damaged: {name} is not what the manifest says. Take another backup.")
    return manifest, signing.check(key, manifest.instance, content, note, unsigned=unsigned)


def _fitting(source: Path, tar: tarfile.TarFile, folder: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a backup, each looked at before anything of it is unpacked. Raises StoreError."""
    free = shutil.disk_usage(folder).free
    room = free - free // _LEFT_FREE
    for member in tar:
        if not (member.isreg() and _KNOWN.fullmatch(member.name)):
            raise StoreError(f"{source} is no backup of a gate: it holds {member.name[:100]!a}.")
        room -= max(member.size, 0) + _BLOCK
        if room < 0:
            raise StoreError(
                f"{source} says that it holds more than there is room for: {free >> 20} MB are free for "
                f"{folder.parent}. Make room there; if a gate of this size cannot be in it, it is no backup of one."
            )
        if member.size > _LARGEST.get(member.name, member.size):
            raise StoreError(f"{source} is no backup of a gate: its {member.name} is too large for one.")
        yield member


def _taken(path: Path) -> bytes:
    """Return what is in a file, and remove it."""
    content = path.read_bytes()
    path.unlink()
    return content


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    with gzip.open(source) as packed, tarfile.open(fileobj=packed, mode="r|", tarinfo=_Header) as tar:
        yield tar


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> File:
    path, packed = folder / member.name, tar.extractfile(member)
    if packed is None:
        raise tarfile.TarError(f"{member.name} is no file")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sha256, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        while piece := packed.read(_PIECE):
            file.write(piece)
            sha256.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return File(size, sha256.hexdigest())


def put_in_place(folder: Path, directory: Path) -> None:
    """Make an unpacked folder the data directory. Raises StoreError where that holds anything already."""
    try:
        directory.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoreError(f"{directory} is not empty, and nothing is overwritten. Name another --data-dir.") from error
    folder.rename(directory)
    sync_folder(directory.parent)
