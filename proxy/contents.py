"""The bytes of files and of their metadata: from the cache or as they arrive, and looked into before they complete.

Decided here:

* Before the last bytes of a wheel or source archive leave for the first time, its own metadata is read: one that
  names another project or version than its file name, or that is not the ``.metadata`` served beside it, breaks
  off every download and is not kept.
* What is in the cache already is looked into when it is first opened under a name.
* Nothing in a file is executed or unpacked.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from packaging.utils import NormalizedName

from proxy.cache.blobs import Blob, Blobs
from proxy.cache.fetch import Download, Fetches
from proxy.cache.files import Handle
from proxy.errors import Inconsistent, UpstreamBroken
from proxy.learnt import Learnt
from proxy.model import ReleaseFile
from proxy.simple import metadata
from proxy.simple.inside import Odd, metadata_in
from proxy.simple.metadata import Said
from proxy.upstream import Upstream
from proxy.upstream.client import METADATA_AT_MOST

LOOKING_AT_MOST = 2
"""Files that are looked into at once: the list of an archive's members may take 60 MB."""

LOOKED_AT_MOST = 20_000
"""Files that are remembered as looked into; one that was forgotten is looked into again."""

Tell = Callable[[NormalizedName, ReleaseFile, str], Awaitable[None]]
"""Hears of a file that contradicts its name: project, file, and the sentence."""


class Contents:
    """Opens files and metadata."""

    def __init__(self, upstream: Upstream, blobs: Blobs, fetches: Fetches, learnt: Learnt, tell: Tell) -> None:
        self._upstream, self._blobs, self._fetches = upstream, blobs, fetches
        self._learnt, self._tell = learnt, tell
        self._looked: OrderedDict[_Look, None] = OrderedDict()
        self._looking = asyncio.Semaphore(LOOKING_AT_MOST)

    async def file(self, project: NormalizedName, file: ReleaseFile) -> Blob | Download | bytes:
        """Return the bytes of a file with a digest. Raises Inconsistent, UpstreamError, CacheError."""
        look = _Look.at(project, file, self)
        small = self._blobs.small(look.sha256) if look in self._looked else None
        if small is not None:
            return small
        blob = await self._cached(look)
        source = partial(self._upstream.file, file.url)
        return blob or await self._fetches.get(look.sha256, file.size, source, check=look)

    def small(self, sha256: str) -> bytes | None:
        """Return the bytes of a small file (or metadata) that is in memory, None where it is not."""
        return self._blobs.small(sha256)

    async def look_at_cached(self, project: NormalizedName, file: ReleaseFile) -> None:
        """Look into a file if it is in the cache. Raises Inconsistent, CacheError."""
        blob = await self._cached(_Look.at(project, file, self))
        if blob is not None:
            blob.close()

    async def _cached(self, look: _Look) -> Blob | None:
        blob = await self._blobs.open(look.sha256)
        if blob is None:
            return None
        try:
            await look(blob, blob.size)
        except BaseException:
            blob.close()
            raise
        return blob

    async def metadata(self, project: NormalizedName, file: ReleaseFile) -> Blob | Download | bytes | None:
        """Return the ``.metadata`` of a wheel (PEP 658), None where the upstream has none.

        One whose digest nobody said is checked to speak of this project and version. Raises UpstreamError.
        """
        url = f"{file.url}.metadata"
        if file.kind != "wheel":
            return None
        if file.metadata:
            small = self._blobs.small(file.metadata)
            if small is not None:
                return small
            blob = await self._blobs.open(file.metadata)
            source = partial(self._upstream.file, url)
            return blob or await self._fetches.get(file.metadata, None, source, most=METADATA_AT_MOST)
        content = await self._upstream.document(url)
        if content is not None:
            await self.speaks(project, file, content)
        return content

    async def speaks(self, project: NormalizedName, file: ReleaseFile, content: bytes) -> Said:
        """Return what the metadata beside a file says. Raises UpstreamBroken where it is none, and Inconsistent."""
        said = metadata.read(content)
        if not (said.name and said.version):
            raise UpstreamBroken(f"What is served beside {file.filename} is no metadata (PEP 658).")
        if problem := said.contradicts(project, file.version):
            raise await self._contradicted(project, file, problem)
        return said

    async def looked_into(self, look: _Look, handle: Handle, size: int) -> None:
        """Read what a file says of itself, once. Raises Inconsistent where that is not what its name says."""
        if look in self._looked:
            return
        async with self._looking:
            inside = await asyncio.to_thread(_inside, look.file, handle, size)
        problem = inside if isinstance(inside, str) else _disagreement(look, inside)
        if problem:
            raise await self._contradicted(look.project, look.file, problem)
        if not isinstance(inside, str):
            self._learnt.add(look.project, look.file, licence=metadata.read(inside).licence)
        self._looked[look] = None
        if len(self._looked) > LOOKED_AT_MOST:
            self._looked.popitem(last=False)

    async def _contradicted(self, project: NormalizedName, file: ReleaseFile, problem: str) -> Inconsistent:
        """Have a file refused from now on and reported; return what to raise."""
        self._learnt.add(project, file, contradiction=problem)
        self._learnt.unsettle(project)
        await self._tell(project, file, problem)
        return Inconsistent(f"{file.filename} is not what it says. {problem}")


@dataclass(frozen=True, slots=True)
class _Look:
    """One file to be looked into under one name, as a check for :class:`Fetches`; equal ones look for the same."""

    project: NormalizedName
    filename: str
    sha256: str
    metadata: str | None
    file: ReleaseFile = field(compare=False)
    contents: Contents = field(compare=False)

    @classmethod
    def at(cls, project: NormalizedName, file: ReleaseFile, contents: Contents) -> _Look:
        """Return how a file is looked at. Raises ValueError for one without a digest: it is never opened."""
        if file.sha256 is None:
            raise ValueError("only a file with a digest is opened")
        return cls(project, file.filename, file.sha256, file.metadata, file, contents)

    async def __call__(self, handle: Handle, size: int) -> None:
        """Raise Inconsistent where the file is not what its name says."""
        await self.contents.looked_into(self, handle, size)


def _inside(file: ReleaseFile, handle: Handle, size: int) -> bytes | str:
    """Return the metadata in a file, or what is wrong with the file, "" where nothing is and nothing was found."""
    try:
        return metadata_in(file.kind, handle, size) or ""
    except Odd as odd:
        return str(odd)


def _disagreement(look: _Look, content: bytes) -> str:
    """Return how the metadata in a file contradicts its name or what is served beside it, "" where it does not."""
    differs = look.file.kind == "wheel" and look.metadata and hashlib.sha256(content).hexdigest() != look.metadata
    beside = "Its METADATA is not the one that is served beside it." if differs else ""
    return metadata.read(content).contradicts(look.project, look.file.version) or beside


async def whole(content: Blob | Download | bytes, at_most: int) -> bytes:
    """Return all bytes of what was opened. Raises UpstreamBroken above ``at_most``, and what reading raises."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, Blob):
        with content:
            return content.read(0, min(content.size, at_most))
    pieces = bytearray()
    async for piece in content.chunks():
        pieces += piece
        if len(pieces) > at_most:
            raise UpstreamBroken(f"The upstream sends more than the {at_most} bytes that are read.")
    return bytes(pieces)
