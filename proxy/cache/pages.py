"""Kept pages: what the upstream last said about each project, and what it can be revalidated by.

One file a project, ``DIR/<name>.page``: a header block of 4 KiB (checksum, JSON, padding), then the body.
Decided here:

* A file's name comes from a normalised project name only.
* Header and body carry checksums; what does not match is dropped as if it had never been kept.
* A page that was only revalidated gets a new header and keeps its body.
* Nothing is synced to disk and a failing disk is only told: losing a page costs one question upstream.
* Number and bytes are bounded, the longest unchanged goes first; the last few pages stay in memory.

Functions are synchronous and thread-safe.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from packaging.utils import NormalizedName

from proxy.cache.files import NEW, Handle, open_regular
from proxy.errors import CacheError
from proxy.upstream.replies import Validators

log = logging.getLogger(__name__)

HEADER = 4096
_SUM = 64
_NAME = re.compile("[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?", re.ASCII)
_SUFFIX = ".page"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A project's page as the upstream sent it, decoded, and when it was last known to be current."""

    body: bytes
    content_type: str
    url: str
    validators: Validators
    fetched_at: datetime


class _Header(msgspec.Struct, frozen=True):
    sha256: str
    size: int
    content_type: str
    url: str
    etag: str | None
    last_modified: str | None
    fetched_at: datetime


class Pages:
    """The kept pages under ``root``. Making one touches no disk; call :meth:`prepare` before use."""

    def __init__(
        self, root: Path, *, max_pages: int = 20_000, max_bytes: int = 1 << 30, memory_bytes: int = 16 << 20
    ) -> None:
        self._root, self._max_pages, self._max_bytes = root, max_pages, max_bytes
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, KeptPage] = OrderedDict()
        self._recent_bytes = 0
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self.damaged = 0
        """Pages dropped since start because they could not be read."""

    def prepare(self) -> None:
        """Make the directory and learn what is in it, the oldest first. Raises CacheError."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._root.chmod(0o700)
            for path in self._root.glob("tmp-*"):
                path.unlink(missing_ok=True)
            found = sorted((path.lstat().st_mtime_ns, path) for path in self._root.glob(f"*{_SUFFIX}"))
            for _, path in found:
                self._count(path.stem, path.lstat().st_size)
        except OSError as error:
            raise CacheError(f"The page cache at {self._root} cannot be used: {error.strerror}.") from error

    def get(self, project: NormalizedName) -> KeptPage | None:
        """Return what was kept of a project, None where nothing (readable) was."""
        path = self._path(project)
        with self._lock:
            page = self._recent.get(project)
            if page is None:
                page = self._read(path)
                if page is not None:
                    self._recall(project, page)
            else:
                self._recent.move_to_end(project)
            return page

    def put(self, project: NormalizedName, page: KeptPage) -> None:
        """Keep a page instead of what was kept of the project before."""
        path = self._path(project)
        with self._lock:
            self._recall(project, page)
            try:
                self._write(path, page)
            except OSError as error:
                log.warning("The page of %s is kept in memory only: %s", project, error.strerror)
            else:
                self._count(project, HEADER + len(page.body))

    def drop(self, project: NormalizedName) -> None:
        """Forget a project."""
        path = self._path(project)
        with self._lock:
            self._forget(project)
            path.unlink(missing_ok=True)

    def _path(self, project: str) -> Path:
        if _NAME.fullmatch(project) is None:
            raise ValueError("not a normalised project name")
        return self._root / f"{project}{_SUFFIX}"

    def _read(self, path: Path) -> KeptPage | None:
        try:
            descriptor = open_regular(path)
        except OSError as error:
            log.warning("A kept page cannot be read: %s", error)
            return None
        if descriptor is None:
            return None
        page = _decode(Handle(descriptor))
        if page is None:
            self.damaged += 1
            log.warning("A kept page was damaged and has been dropped: %s", path.name)
            self._forget(path.stem)
            path.unlink(missing_ok=True)
        return page

    def _write(self, path: Path, page: KeptPage) -> None:
        block = _header(page)
        if self._same_body(path, page):
            _write_at_start(path, block)
            return
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)  # somebody may have deleted the cache
        temporary = self._root / f"tmp-{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, NEW, 0o600), "wb") as file:
                file.write(block)
                file.write(page.body)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise

    def _same_body(self, path: Path, page: KeptPage) -> bool:
        descriptor = open_regular(path)
        if descriptor is None:
            return False
        header = _parse(Handle(descriptor).read(0, HEADER))
        return header is not None and header.sha256 == _sha256(page.body)

    def _recall(self, project: str, page: KeptPage) -> None:
        old = self._recent.pop(project, None)
        self._recent_bytes += len(page.body) - (len(old.body) if old else 0)
        self._recent[project] = page
        while self._recent_bytes > self._memory_bytes:
            self._recent_bytes -= len(self._recent.popitem(last=False)[1].body)

    def _forget(self, project: str) -> None:
        old = self._recent.pop(project, None)
        self._recent_bytes -= len(old.body) if old else 0
        self._bytes -= self._sizes.pop(project, 0)

    def _count(self, project: str, size: int) -> None:
        """Note a page on disk, and let the oldest go until the bounds hold."""
        self._bytes += size - self._sizes.pop(project, 0)
        self._sizes[project] = size
        while len(self._sizes) > 1 and (self._bytes > self._max_bytes or len(self._sizes) > self._max_pages):
            oldest = next(iter(self._sizes))
            self._forget(oldest)
            (self._root / f"{oldest}{_SUFFIX}").unlink(missing_ok=True)


def _header(page: KeptPage) -> bytes:
    etag, modified = page.validators.etag, page.validators.last_modified
    header = _Header(_sha256(page.body), len(page.body), page.content_type, page.url, etag, modified, page.fetched_at)
    text = msgspec.json.encode(header)
    if len(text) > HEADER - _SUM:
        raise OSError(0, "its header is too long")
    block = text.ljust(HEADER - _SUM)
    return _sha256(block).encode("ascii") + block


def _parse(block: bytes) -> _Header | None:
    if len(block) != HEADER or block[:_SUM] != _sha256(block[_SUM:]).encode("ascii"):
        return None
    try:
        return msgspec.json.decode(block[_SUM:], type=_Header)
    except msgspec.MsgspecError:  # of another version of this program
        return None


def _decode(handle: Handle) -> KeptPage | None:
    header = _parse(handle.read(0, HEADER))
    if header is None:
        return None
    body = handle.read(HEADER, header.size + 1)
    if len(body) != header.size or _sha256(body) != header.sha256:
        return None
    validators = Validators(header.etag, header.last_modified)
    return KeptPage(body, header.content_type, header.url, validators, header.fetched_at)


def _write_at_start(path: Path, block: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, block, 0)
    finally:
        os.close(descriptor)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
