"""Decisions on their way to the store: never lost with the process, committed in groups.

Decided here:

* A record is appended to a journal file before the answer leaves (those of one turn of the event loop in one
  write), so a crash of the process loses none of a file: the next start finds the journal of a dead process and
  commits what is in it.
* Groups are committed, and on disk, every 50 ms or 512 records; then their journal is removed. A crash of the
  machine loses at most what was not committed.
* The first look-up of a page is written at once; its repeats by the same client, with the same verdict,
  within the same minute are folded into one record with their count. A file's record never is.
* When neither journal nor store can be written, :meth:`Decisions.note` says so by raising: the first
  ten thousand files are still answered (held in memory), after that nothing is handed out unrecorded.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from proxy.errors import StoreError
from proxy.model import DecisionRecord
from proxy.store import Store

log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 0.05
GROUP: Final = 512
HELD_AT_MOST: Final = 10_000

Clock = Callable[[], datetime]
Line = tuple[str, DecisionRecord]
LookUp = tuple[str, str, str, str, str, str]
"""What makes look-ups of pages the same: channel, client, token, agent, project, verdict."""
_encode = msgspec.json.encode
_decoder = msgspec.json.Decoder(Line)


class Journal:
    """One append-only file of one process, locked while that process lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def append(self, lines: Iterable[Line]) -> None:
        """Hand records to the operating system in one write."""
        os.write(self._file, b"".join([_encode(line) + b"\n" for line in lines]))

    def remove(self) -> None:
        """Forget the file: everything in it is committed."""
        self.path.unlink(missing_ok=True)
        os.close(self._file)


@dataclass(slots=True)
class _Repeated:
    """A look-up that was noted, and how often it came again within its minute."""

    record: DecisionRecord
    ends: datetime
    count: int = 0


class Decisions:
    """Collects decision records and commits them in groups. Made and used on one event loop."""

    def __init__(self, store: Store, directory: Path, process: str) -> None:
        self._store, self._directory, self._process = store, directory, process
        self._waiting: list[Line] = []
        self._unwritten: list[Line] = []
        self._looked_up: dict[LookUp, _Repeated] = {}
        self._journals: list[Journal] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._flushing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many records are not committed yet."""
        return len(self._waiting)

    def note(self, record: DecisionRecord) -> None:
        """Take one record. Call it before the answer leaves. Raises StoreError when it cannot be kept."""
        self.note_soon(record)
        self.write()

    def note_soon(self, record: DecisionRecord) -> None:
        """Take one record whose answer leaves when :meth:`write` was called. Raises StoreError as :meth:`note`."""
        if len(self._waiting) >= HELD_AT_MOST:
            raise StoreError("The audit log cannot be written, and no more records can be held back.")
        self._count += 1
        line = (f"{self._process}-{self._count}", record)
        self._waiting.append(line)
        self._unwritten.append(line)
        if len(self._waiting) >= GROUP:
            self._wake.set()

    def write(self) -> None:
        """Have what was noted survive this process."""
        lines, self._unwritten = self._unwritten, []
        if not lines:
            return
        try:
            if not self._journals:
                first = self._count - len(lines) + 1
                self._journals.append(Journal(self._directory / f"decisions-{self._process}-{first}.journal"))
            self._journals[-1].append(lines)
        except OSError as error:
            log.error("The decision journal cannot be written (%s); %d records wait in memory.", error, self.waiting)

    def repeats(self, look_up: LookUp, at: datetime) -> bool:
        """Whether this look-up of a page was noted within this minute already; it is counted then."""
        seen = self._looked_up.get(look_up)
        if seen is None or at >= seen.ends:
            return False
        seen.count += 1
        return True

    def note_page(self, look_up: LookUp, record: DecisionRecord) -> None:
        """Take the first look-up of its kind in its minute; those that :meth:`repeats` counts follow as one."""
        self._close(self._looked_up.pop(look_up, None))
        if len(self._looked_up) >= HELD_AT_MOST:
            self._close(self._looked_up.pop(next(iter(self._looked_up))))
        self._looked_up[look_up] = _Repeated(record, _next_minute(record.at))
        self.note(record)

    def _close(self, repeated: _Repeated | None) -> None:
        if repeated is not None and repeated.count:
            self.note(replace(repeated.record, count=repeated.count))

    def _close_minutes(self, now: datetime, *, everything: bool) -> None:
        """Note the repeats of look-ups whose minute is over."""
        for look_up in [key for key, seen in self._looked_up.items() if everything or now >= seen.ends]:
            self._close(self._looked_up.pop(look_up))

    async def flush(self, now: datetime, *, everything: bool = False) -> None:
        """Commit what waits. Raises StoreError; what was not committed waits on."""
        async with self._flushing:
            self._close_minutes(now, everything=everything)
            self.write()
            group, journals = self._waiting[:], self._journals
            if not group:
                return
            self._journals = []
            try:
                await asyncio.to_thread(self._store.record, group)
            except StoreError:
                self._journals = journals + self._journals
                raise
            del self._waiting[: len(group)]
            for journal in journals:
                journal.remove()

    async def run(self, clock: Clock) -> None:
        """Commit groups until cancelled; a store that fails is tried again, ever more slowly."""
        pause = FLUSH_SECONDS
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self.flush(clock())
                pause = FLUSH_SECONDS
            except StoreError as error:
                pause = min(pause * 2, 5.0)
                log.error("Decisions are not committed: %s (%d wait)", error, self.waiting)


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that a process which died had noted and that cannot be read back: how many, from which journals."""

    lost: int
    journals: tuple[str, ...]


def recover(store: Store, directory: Path) -> Gap | None:
    """Commit what the journals of dead processes hold. Returns what could not be read, None where all could."""
    lost: dict[str, int] = {}
    for path in sorted(directory.glob("decisions-*.journal")):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its process lives
            first = path.stem.rpartition("-")[2]
            lines, missing = _read(file.read(), int(first) if first.isdecimal() else 1)
        store.record(lines, again=True)
        path.unlink(missing_ok=True)
        if missing:
            lost[path.name] = missing
    if not lost:
        return None
    log.error("%d decision records of an earlier crash could not be read back: the log has a gap.", sum(lost.values()))
    return Gap(sum(lost.values()), tuple(lost))


def _read(content: bytes, first: int) -> tuple[list[Line], int]:
    """Return a journal's lines, and how many are missing. Lines are numbered without a gap from ``first``."""
    lines: list[Line] = []
    missing = broken = 0
    for text in content.splitlines():
        try:
            lines.append(_decoder.decode(text))
        except msgspec.DecodeError:
            broken += 1
            continue
        number = int(lines[-1][0].rpartition("-")[2])
        missing += max(number - first, broken, 0)
        first, broken = number + 1, 0
    return lines, missing + broken
