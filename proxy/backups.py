"""Backups: one file that holds what a gate cannot do without, written while it runs.

Decided here:

* In it are the database as of one moment, the decisions that were noted and not committed yet, the archived ones, the
  lists of names, and, if wanted, the cache. Nothing that opens anything is: no key, no token, no secret.
* A backup is a tar archive, compressed (gzip, which every Python brings: a backup must not want an extra), that ends
  with a manifest: the digest of every other file. What was written before the manifest is no backup. Under it stands
  its signature (:mod:`proxy.audit.signing`), where the key was to be had.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import msgspec
from sqlite_utils import Database

from proxy.audit import signing
from proxy.audit.key import KeyPlace
from proxy.errors import StoreError
from proxy.journals import whole_lines
from proxy.store import chains
from proxy.store.connections import Connections
from proxy.store.copying import copy
from proxy.store.sql import store_errors, value

FORMAT: Final = 1
DATABASE, MANIFEST, ARCHIVE = "wicketgate.db", "manifest.json", "audit-archive"
SIGNATURE: Final = "manifest.note"
_CACHED = ("cache/blobs/??/??/*", "cache/pages/*.page")
_LEVEL = 1  # wheels are compressed already, and a database is large


class File(msgspec.Struct, frozen=True):
    """Bytes and SHA-256 of a file in a backup."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds: of which gate, as of when, up to which event and decision."""

    format: int
    made: datetime
    version: str
    instance: str
    revision: int
    events: int
    decisions: int
    files: Mapping[str, File]


def write(
    directory: Path, archive: Path, target: Path, key: KeyPlace, at: datetime, version: str, *, cache: bool
) -> tuple[Manifest, str]:
    """Back a data directory up to a new file (0600). ``archive`` is where its archived decisions are.

    Returns what is in it, and a sentence on whether ``key`` signed it.

    Raises StoreError, also where the file is there already, and then leaves nothing.
    """
    if not (directory / DATABASE).exists():
        raise StoreError(f"There is no gate's data in {directory}. Name its data directory: --data-dir")
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be written: {error.strerror}. Name another file.") from error
    try:
        with os.fdopen(descriptor, "wb") as file, TemporaryDirectory(dir=target.parent) as aside:
            made = _write(file, directory, archive, Path(aside), key, at, version, cache=cache)
            file.flush()
            os.fsync(file.fileno())
            return made
    except (OSError, tarfile.TarError) as error:
        target.unlink(missing_ok=True)
        raise StoreError(f"The backup {target} cannot be written: {error}.") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _write(
    file: IO[bytes],
    directory: Path,
    archive: Path,
    aside: Path,
    key: KeyPlace,
    at: datetime,
    version: str,
    *,
    cache: bool,
) -> tuple[Manifest, str]:
    # Journals first: what leaves them meanwhile is in the database by then.
    for journal in directory.glob("decisions-*.journal"):
        with suppress(FileNotFoundError):
            (aside / journal.name).write_bytes(whole_lines(journal))
    connections = Connections(directory / DATABASE, directory / "write.lock")
    try:
        with connections.reading() as db:
            copy(db, aside / DATABASE)
    finally:
        connections.close()
    about = _about(aside / DATABASE)
    files: dict[str, File] = {}
    with gzip.GzipFile("", "wb", _LEVEL, file) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for name, path in _members(directory, archive, aside, cache=cache):
            with suppress(FileNotFoundError):  # made room for since it was listed
                files[name] = _add(tar, name, path)
        manifest = Manifest(FORMAT, at, version, *about, files)
        content = msgspec.json.encode(manifest)
        note, said = signing.sign(key, manifest.instance, content)
        for name, last in ((MANIFEST, content), *([(SIGNATURE, note.encode())] if note else ())):
            (aside / name).write_bytes(last)
            _add(tar, name, aside / name)
    return manifest, said


def _about(database: Path) -> tuple[str, int, int, int]:
    """Return instance, revision, last event and last decision of a database that nobody else uses."""
    with store_errors(), closing(sqlite3.connect(database)) as connection:
        db = Database(connection)
        heads = chains.head(db, "events")[0], chains.head(db, "decisions")[0]
        return value(db, "instance") or "", int(value(db, "revision") or 0), *heads


def _members(directory: Path, archive: Path, aside: Path, *, cache: bool) -> Iterator[tuple[str, Path]]:
    yield from ((path.name, path) for path in sorted(aside.iterdir()))
    yield from ((path.name, path) for path in sorted(directory.glob("names-*.csv")))
    yield "instance", directory / "instance"
    yield from ((f"{ARCHIVE}/{path.name}", path) for path in sorted(archive.glob("*.jsonl.gz")))
    for pattern in _CACHED if cache else ():
        yield from ((str(path.relative_to(directory)), path) for path in sorted(directory.glob(pattern)))


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        piece = self._file.read(size)
        self.sha256.update(piece)
        return piece


def _add(tar: tarfile.TarFile, name: str, path: Path) -> File:
    with path.open("rb") as file:
        member = tarfile.TarInfo(name)
        member.size, member.mode = os.fstat(file.fileno()).st_size, 0o600
        read = _Hashing(file)
        tar.addfile(member, read)
        return File(member.size, read.sha256.hexdigest())
