"""Journals: decision records in files of their process, until the store has them.

Decided here:

* A journal is locked while its process lives, so that whoever finds one unlocked may commit what is in it.
* Lines are numbered without a gap: what cannot be read back is counted.
* Counts (:mod:`proxy.repeats`) have a file of their own, replaced whole: it holds those that are not committed.
* A crash of the process loses nothing, the system writes what it was handed. A crash of the machine may lose less
  than a second's worth, and whole journals with it: a mark of every living process, with the boot of the machine in
  it, shows at the next start that this may have happened.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from proxy.model import DecisionRecord
from proxy.store import Store

Line = tuple[str, DecisionRecord]
COUNT: Final = ":"
"""What stands before the number in the id of a count, which has no place among the numbered lines."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_encode = msgspec.json.encode
_decoder = msgspec.json.Decoder(Line)


def boot() -> bytes:
    """Return what tells this boot of the machine from every other one; nothing where the system does not say."""
    try:
        return BOOT.read_bytes()
    except OSError:
        return b""


class Journal:
    """One append-only file of one process, locked while that process lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def append(self, lines: Iterable[Line]) -> None:
        """Hand records to the operating system in one write. Raises OSError, and then nothing of them is there."""
        content = b"".join([_encode(line) + b"\n" for line in lines])
        written = os.write(self._file, content)
        if written < len(content):  # the disk is full: half a line would spoil the next one
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def rename(self, path: Path) -> None:
        """Take the place of another. Raises OSError."""
        self.path.rename(path)
        self.path = path

    def remove(self) -> None:
        """Forget the file: everything in it is committed."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of a file whose place was taken."""
        os.close(self._file)


class Counts:
    """The counts of one process that are not committed, as they stood a moment ago."""

    def __init__(self, directory: Path, process: str) -> None:
        # A crash that leaves both has the newer one read first: what is known by its id is not written again.
        self._fresh, self._path = (directory / f"decisions-{process}-{letter}.journal" for letter in "bc")
        self._kept: Journal | None = None

    def replace(self, lines: Sequence[Line]) -> None:
        """Keep these counts, and no others. Raises OSError, and then those before are kept."""
        before, fresh = self._kept, Journal(self._fresh) if lines else None
        if fresh is not None:
            try:
                fresh.append(lines)
                fresh.rename(self._path)
            except OSError:
                fresh.remove()
                raise
        self._kept = fresh
        if before is not None:
            before.remove() if fresh is None else before.close()


class Mark:
    """Says that a process lives, until it is removed: made to last at once, so that it outlives the machine."""

    def __init__(self, directory: Path, process: str) -> None:
        self._path = directory / f"alive-{process}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        os.write(self._file, boot())
        os.fsync(self._file)

    def remove(self) -> None:
        """The process ends with everything committed."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that a process which died had noted and that cannot be read back: how many, from which journals.

    ``machine``: the machine stopped at once, so that journals may lack their ends, and nobody knows how many records.
    """

    lost: int
    journals: tuple[str, ...]
    machine: bool = False


def recover(store: Store, directory: Path) -> Gap | None:
    """Commit what the journals of dead processes hold. Returns what is missing, None where nothing is.

    Raises StoreError, and then the journals wait for another time.
    """
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
    machine = _machine_stopped(directory)
    if not lost and not machine:
        return None
    return Gap(sum(lost.values()), tuple(lost), machine)


def whole_lines(path: Path) -> bytes:
    """Return what a journal holds now; of a living process without the line that it is writing."""
    with path.open("rb") as file:
        content = file.read()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return content[: content.rfind(b"\n") + 1]
        return content


def _machine_stopped(directory: Path) -> bool:
    """Whether any process lived when the machine went down: its mark is there, from before this boot."""
    stopped = False
    for path in directory.glob("alive-*"):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # it lives
            stopped |= file.read() != boot()
        path.unlink(missing_ok=True)
    return stopped


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
        if COUNT in lines[-1][0]:
            continue
        number = int(lines[-1][0].rpartition("-")[2])
        missing += max(number - first, broken, 0)
        first, broken = number + 1, 0
    return lines, missing + broken
