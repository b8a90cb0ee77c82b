"""Decisions on their way to the store: never lost with the process, committed in groups.

Decided here:

* A record is appended to a journal file (:mod:`proxy.journals`) before the answer leaves (those of one turn of the
  event loop in one write), so a crash of the process loses none of a file: the next start commits what is in it.
* Groups are committed, and on disk, every 50 ms or 512 records; then their journal is removed. A crash of the
  machine loses at most what was not committed.
* The first look-up of a page is written at once; its repeats by the same client, with the same verdict, within the
  same minute are one record with their count (:mod:`proxy.repeats`). So is what came too often to be written one by
  one (:mod:`proxy.web.recording`). Counts are in a journal of their own every quarter of a second: a crash of the
  process loses what was counted since.
* When neither journal nor store can be written, :meth:`Decisions.note` says so by raising: the first
  ten thousand files within a minute are still answered (held in memory), after that nothing is handed out unrecorded.
* A group that the store did not take is tried again as it is; what comes meanwhile has one journal of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from proxy.errors import StoreError
from proxy.journals import COUNT, Counts, Journal, Line
from proxy.model import DecisionRecord
from proxy.repeats import Repeats, Same
from proxy.store import Store

log = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 0.05
GROUP: Final = 512
HELD_AT_MOST: Final = 10_000
HELD_SECONDS: Final = 60.0
"""For so long records may be in memory alone."""
COUNTS_SECONDS: Final = 0.25
"""For so long counts may be in memory alone."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Group:
    """Records that are committed together, and the journal that holds them until then."""

    lines: list[Line]
    journal: Journal | None


class Decisions:
    """Collects decision records and commits them in groups. Made and used on one event loop."""

    def __init__(self, store: Store, directory: Path, process: str) -> None:
        self._store, self._directory, self._process = store, directory, process
        self._waiting: list[Line] = []
        self._unwritten: list[Line] = []
        self._repeats = Repeats(process)
        self._counts = Counts(directory, process)
        self._counted = self._counts_held = False
        self._counts_due = 0.0
        self._journal: Journal | None = None
        self._group: _Group | None = None
        self._count = 0
        self._held_since: float | None = None
        self.trouble = ""
        """Why records are not committed, "" where they are."""
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
        if problem := self.closed:
            raise StoreError(problem)
        self._count += 1
        line = (f"{self._process}-{self._count}", record)
        self._waiting.append(line)
        self._unwritten.append(line)
        if len(self._waiting) >= GROUP and not self.trouble:
            self._wake.set()

    def write(self) -> None:
        """Have what was noted survive this process."""
        lines, self._unwritten = self._unwritten, []
        if not lines:
            return
        try:
            self._open_journal(self._count - len(lines) + 1).append(lines)
        except OSError as error:
            if self._held_since is None:
                self._held_since = time.monotonic()
                said = "The decision journal cannot be written (%s): records are in memory alone for %d s at most."
                log.error(said, error, HELD_SECONDS)

    def repeats(self, same: Same, at: datetime) -> bool:
        """Count an answer whose first was noted within this minute; False where none was."""
        taken = self._repeats.takes(same, at)
        self._counted |= taken
        return taken

    def note_first(self, same: Same, record: DecisionRecord) -> None:
        """Take the first answer of its kind in its minute; those that :meth:`repeats` counts follow as one."""
        self.note(record)
        self._waiting += self._repeats.begin(same, record)

    @property
    def closed(self) -> str:
        """Why nothing can be handed out any more, "" where it can."""
        since = self._held_since
        full = len(self._waiting) >= HELD_AT_MOST
        if full or (since is not None and time.monotonic() - since > HELD_SECONDS):
            return f"The audit log cannot be written, and no more records can be held back. {self.trouble}".rstrip()
        return ""

    def _open_journal(self, first: int) -> Journal:
        if self._journal is None:
            self._journal = Journal(self._directory / f"decisions-{self._process}-{first}.journal")
        return self._journal

    def _keep_counts(self, *, now: bool) -> None:
        """Have the counts survive this process, those that are finished and wait as well."""
        if not self._counted or not (now or time.monotonic() >= self._counts_due):
            return
        self._counts_due = time.monotonic() + COUNTS_SECONDS
        finished = [line for line in self._waiting if COUNT in line[0]]
        try:
            self._counts.replace([*finished, *self._repeats.lines()])
        except OSError as error:
            if not self._counts_held:
                log.error("The counts of what came again are in memory alone: %s", error)
            self._counts_held = True
        else:
            self._counted = self._counts_held = False

    async def flush(self, now: datetime, *, everything: bool = False) -> None:
        """Commit what waits. Raises StoreError; what was not committed waits on."""
        async with self._flushing:
            self._waiting += self._repeats.finish(now, everything=everything)
            self._keep_counts(now=everything)
            failed_before = self._group is not None
            if self._waiting:
                await self._commit_group()
            if failed_before and self._waiting:
                await self._commit_group()
            self._keep_counts(now=everything)

    async def _commit_group(self) -> None:
        """Commit the group that failed before, or everything that waits now."""
        if self._group is None:
            self.write()
            self._group, self._journal = _Group(self._waiting[:], self._journal), None
        group = self._group
        await asyncio.to_thread(self._store.record, group.lines)
        self._group, self._held_since = None, None
        del self._waiting[: len(group.lines)]
        self._counted |= any(COUNT in uid for uid, _ in group.lines)  # which need not be kept any longer
        if group.journal is not None:
            group.journal.remove()

    async def run(self, clock: Clock) -> None:
        """Commit groups until cancelled; a store that fails is tried again, ever more slowly. Told once each time."""
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
            except StoreError as error:
                pause = min(pause * 2, 5.0)
                if not self.trouble:
                    log.error("Decisions are not committed, and wait: %s", error)
                self.trouble = str(error)
            else:
                pause = FLUSH_SECONDS
                if self.trouble:
                    log.warning("Decisions are committed again.")
                    self.trouble = ""
