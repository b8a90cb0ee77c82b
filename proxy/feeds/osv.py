"""Many OSV records at once: an export (``all.zip``), a folder of records, or single ones.

Decided here:

* The id inside a record counts, not its member's name. Of two with one id the later ``modified``
  wins; where that cannot be told, or the later one had to be mended, both count.
* A record that had to be mended is taken as mended, and reported like one that could not be read.
* What is kept of a record is its packed form, so that 25,000 of them stay small in memory. Its
  digest covers what the gate understood of it, so that a changed remark is no change.
* A withdrawal that lies in the future has not happened: it is reported, and the record stays as it was until then.
* A source is as new as its newest ``modified``, unless that lies in the future: such a date would
  make old data look fresh for ever.

Must not know: the network, what is in force, what a refusal leads to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from proxy.errors import FeedRefused
from proxy.feeds import archive, mending, record
from proxy.feeds.archive import Fault, Limits, Member
from proxy.feeds.progress import Progress
from proxy.model import Advisory
from proxy.policy import packing
from proxy.store import AdvisoryRow

NO_DATE: Final = datetime(1, 1, 1, tzinfo=UTC)
"""What ``modified`` says where it is not known."""

_CLOCKS_DIFFER: Final = timedelta(hours=1)
unpacked: Final = msgspec.msgpack.Decoder(Advisory).decode
"""Makes a record of its packed form."""

_encode: Final = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as read: when modified, a digest of its meaning, the whole of it, packed, and what matching needs.

    ``mended`` says that it broke the schema and was read at its widest.
    """

    modified: datetime
    digest: str
    withdrawn: bool
    mended: bool
    packed: bytes
    about: packing.Parts

    @classmethod
    def of(cls, advisory: Advisory, *, mended: bool = False) -> Entry:
        """Pack a record."""
        packed = _encode(advisory)
        digest = hashlib.sha256(packed).hexdigest()
        about = packing.compacted(advisory)
        return cls(advisory.modified, digest, advisory.withdrawn is not None, mended, packed, about)

    @property
    def advisory(self) -> Advisory:
        """The record itself."""
        return unpacked(self.packed)

    def row(self, identity: str) -> AdvisoryRow:
        """Return the record as the store takes it, by its id."""
        return AdvisoryRow(identity, self.modified, self.digest, self.packed, self.about)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything one source holds: records by id, what was wrong, and the digest of the source.

    ``newest`` is the newest ``modified`` that does not lie in the future (year 1: there is none).
    """

    entries: Mapping[str, Entry]
    faults: tuple[Fault, ...]
    sha256: str
    newest: datetime

    def advisories(self) -> Iterator[Advisory]:
        """Yield every record."""
        return (entry.advisory for entry in self.entries.values())

    def rows(self, ids: Iterable[str]) -> Iterator[AdvisoryRow]:
        """Yield the records with these ids as the store takes them, one at a time."""
        return (self.entries[name].row(name) for name in ids)

    def parts(self) -> Iterator[tuple[str, packing.Parts]]:
        """Yield what matching needs of every record, by its id."""
        return ((name, entry.about) for name, entry in self.entries.items())


def read_path(path: Path, *, at: datetime, limits: Limits | None = None, progress: Progress | None = None) -> Reading:
    """Return what an export, a folder with an ``all.zip``, or a folder of records holds.

    ``at`` is now; ``progress`` hears how far it is. Raises FeedRefused.
    """
    export = path / "all.zip" if path.is_dir() else path
    if export.is_file() or not path.is_dir():
        return read_zip(export, at=at, limits=limits, progress=progress)
    gathered = _Gathered(at)
    gathered.take(archive.folder_members(path, limits or Limits(), progress or Progress()))
    return gathered.reading(gathered.digest())


def read_zip(
    source: Path | BinaryIO, *, at: datetime, limits: Limits | None = None, progress: Progress | None = None
) -> Reading:
    """Return what an export holds. ``at`` is now. Raises FeedRefused for what is no archive or empty."""
    limits = limits or Limits()
    if isinstance(source, Path):
        with archive.open_source(source, limits) as file:
            return read_zip(file, at=at, limits=limits, progress=progress)
    gathered = _Gathered(at)
    gathered.take(archive.zip_members(source, limits, progress or Progress()))
    return gathered.reading(_sha256(source))


def read_records(members: Iterable[Member], *, at: datetime) -> Reading:
    """Return records fetched one by one, each under the name ``ID.json`` it was asked for by.

    ``at`` is now. Raises FeedRefused where none of them is a record.
    """
    gathered = _Gathered(at)
    gathered.take(members)
    return gathered.reading(gathered.digest())


def _sha256(source: BinaryIO) -> str:
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


class _Gathered:
    """Records while they arrive. ``at`` is now."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._entries: dict[str, Entry] = {}
        self._faults: list[Fault] = []

    def take(self, members: Iterable[Member | Fault]) -> None:
        """Read every member; what is wrong with one is noted and stops nothing."""
        for member in members:
            if isinstance(member, Fault):
                self._faults.append(member)
            else:
                self._read(*member)

    def reading(self, sha256: str) -> Reading:
        """Return everything taken. Raises FeedRefused where that is nothing."""
        if not self._entries:
            wrong = f" ({len(self._faults)} cannot be read)" if self._faults else ""
            step = "Check where it comes from."
            raise FeedRefused(f"The advisory data holds no record{wrong}. {archive.KEPT} {step}")
        dates = (entry.modified for entry in self._entries.values())
        newest = max((date for date in dates if date <= self._at + _CLOCKS_DIFFER), default=NO_DATE)
        return Reading(self._entries, tuple(self._faults), sha256, newest)

    def digest(self) -> str:
        """Return a digest of the records themselves, for a source that is no single file."""
        lines = sorted(f"{name} {entry.digest}\n" for name, entry in self._entries.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _read(self, member: str, text: bytes) -> None:
        try:
            read = record.read(text, archive.stem(member))
        except record.Unreadable as error:
            self._faults.append(archive.fault(member, str(error)))
            return
        self._faults += [archive.fault(member, f"read at its widest: {said}") for said in read.problems]
        advisory = read.advisory
        if advisory.withdrawn is not None and advisory.withdrawn > self._at:
            self._faults.append(archive.fault(member, f"it is not withdrawn before {advisory.withdrawn:%Y-%m-%d}"))
            advisory = msgspec.structs.replace(advisory, withdrawn=None)
        self._keep(member, advisory.id, Entry.of(advisory, mended=bool(read.problems)))

    def _keep(self, member: str, name: str, entry: Entry) -> None:
        other = self._entries.get(name)
        if other is not None and other.digest != entry.digest:
            self._faults.append(archive.fault(member, f"another record has the id {name} too"))
            entry = _settled(other, entry)
        self._entries[name] = entry


def _settled(one: Entry, other: Entry) -> Entry:
    """Return the later of two records with one id; both joined where that would be a guess."""
    earlier, later = sorted((one, other), key=lambda entry: entry.modified)
    if later.mended or earlier.modified in (later.modified, NO_DATE):
        return Entry.of(mending.join(later.advisory, earlier.advisory), mended=True)
    return later
