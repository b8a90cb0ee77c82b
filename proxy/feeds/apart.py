"""Reading an export in a process of its own, where neither its time nor its memory is at a request's expense.

The two speak through files of a folder that only they know: the task, and the answer, which is whole before anything
of it is looked at. A source that makes the reader fail, grow or never end does so to the reader alone, within bounds.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from proxy.errors import FeedRefused
from proxy.feeds import osv
from proxy.feeds.archive import KEPT
from proxy.feeds.compare import Compared, InForce, compare
from proxy.feeds.progress import Progress, Stage
from proxy.store import AdvisoryRow

SECONDS = 600.0
"""For how long an export is read at most."""
MEMORY = 2 << 30
"""Bytes of address space that the reader may take."""
_BATCH: Final = 200
"""Rows that are packed and unpacked at once: few enough that nobody waits for it."""
_TOLD_EVERY: Final = 0.2
"""Seconds between two words on how far it is."""
_LENGTH: Final = 4


class _Task(msgspec.Struct):
    """What to read, when, what is in force, and how many bytes of memory that may take."""

    memory: int
    path: bytes
    at: datetime
    old: InForce


class _Outcome(msgspec.Struct):
    """How the answer begins: with why there is none, or with what was found. The rows follow."""

    refused: str = ""
    found: Compared | None = None


class _Step(msgspec.Struct):
    """A word on how far it is."""

    stage: Stage
    done: int
    of: int


_encode: Final = msgspec.msgpack.Encoder().encode
_task: Final = msgspec.msgpack.Decoder(_Task).decode
_outcome: Final = msgspec.msgpack.Decoder(_Outcome).decode
_batch: Final = msgspec.msgpack.Decoder(list[AdvisoryRow]).decode
_step: Final = msgspec.json.Decoder(_Step).decode


@asynccontextmanager
async def compared(
    path: Path, old: Callable[[], InForce], at: datetime, progress: Progress
) -> AsyncIterator[tuple[Compared, Iterator[AdvisoryRow]]]:
    """Read a source (as :func:`proxy.feeds.osv.read_path`) and compare it with what is in force, which ``old`` tells.

    Gives what was found and the records that are wanted of it, to be read once, in any thread. ``at`` is now.
    Raises FeedRefused.
    """
    with ExitStack() as open_until_taken:
        try:
            folder = Path(open_until_taken.enter_context(tempfile.TemporaryDirectory()))
            await asyncio.to_thread(_set, folder, path, old, at)
            await _run(folder, progress)
            answer = open_until_taken.enter_context((folder / "answer").open("rb"))
            outcome = await asyncio.to_thread(lambda: _outcome(_frame(answer)))
        except (OSError, msgspec.DecodeError) as error:
            raise _unread(error) from error
        if outcome.found is None:
            raise FeedRefused(outcome.refused)
        yield outcome.found, _rows(answer)


def _set(folder: Path, path: Path, old: Callable[[], InForce], at: datetime) -> None:
    (folder / "task").write_bytes(_encode(_Task(MEMORY, os.fsencode(path.absolute()), at, old())))


async def _run(folder: Path, progress: Progress) -> None:
    """Let the task be done, and tell how far it is. Raises FeedRefused where no answer came of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, str(folder), cwd=folder, env={"PATH": os.environ.get("PATH", "")},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            while process.stdout and (line := await process.stdout.readline()):
                _hear(_step(line), progress)
            code = await process.wait()
    except TimeoutError:
        said = f"The process that reads the advisory data was ended after {SECONDS:.0f} s."
        raise FeedRefused(f"{said} {KEPT} Look at the source; it may be made to be slow.") from None
    except (ValueError, msgspec.DecodeError) as error:
        raise FeedRefused(f"The process that reads the advisory data said what nobody understands. {KEPT}") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        cause = f"The gate's own output says why; it may take {MEMORY >> 20} MB of memory, and needs temporary space."
        raise FeedRefused(f"The process that reads the advisory data ended early (exit code {code}). {KEPT} {cause}")


def _hear(step: _Step, progress: Progress) -> None:
    if step.stage != progress.stage:
        progress.begin(step.stage, step.of)
    progress.done = step.done


def _frame(file: BinaryIO) -> bytes:
    return file.read(int.from_bytes(file.read(_LENGTH), "big"))


def _rows(answer: BinaryIO) -> Iterator[AdvisoryRow]:
    try:
        while frame := _frame(answer):
            yield from _batch(frame)
    except (OSError, msgspec.DecodeError) as error:
        raise _unread(error) from error


def _unread(error: Exception) -> FeedRefused:
    step = "There must be memory and temporary space for reading it."
    return FeedRefused(f"The advisory data cannot be read: {error}. {KEPT} {step}")


# --- in the other process -----------------------------------------------------------------------------


def main(folder: Path) -> None:
    """Do the task in ``folder``."""
    gc.disable()  # what is read holds no cycles, and this process ends soon: looking for them costs a sixth of its time
    task = _task((folder / "task").read_bytes())
    _bound(task.memory)
    with (folder / "answer").open("wb") as answer:
        for frame in _answered(task):
            answer.write(len(frame).to_bytes(_LENGTH, "big") + frame)


def _bound(memory: int) -> None:
    """Take no more than these bytes of address space. Elsewhere than on Linux no such bound can be relied on."""
    if sys.platform == "linux":
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _answered(task: _Task) -> Iterator[bytes]:
    try:
        reading = _read(task)
        found = compare(task.old, reading, full=True)
    except FeedRefused as error:
        yield _encode(_Outcome(refused=str(error)))
        return
    yield _encode(_Outcome(found=found))
    rows = reading.rows(found.wanted)
    while batch := list(islice(rows, _BATCH)):
        yield _encode(batch)


def _read(task: _Task) -> osv.Reading:
    """Read the source, and tell how far it is."""
    progress, done = Progress(), threading.Event()
    telling = threading.Thread(target=_tell, args=(progress, done))
    telling.start()
    try:
        return osv.read_path(Path(os.fsdecode(task.path)), at=task.at, progress=progress)
    finally:
        done.set()
        telling.join()


def _tell(progress: Progress, done: threading.Event) -> None:
    while True:
        ended = done.wait(_TOLD_EVERY)
        if progress.stage:
            line = msgspec.json.encode(_Step(progress.stage, progress.done, progress.of))
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()
        if ended:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
