"""Long work beside the event loop: in single file, each kind of it in a lane of its own.

Decided here:

* The interpreter does one thing at a time, so long work side by side is no sooner done: it takes memory for all of
  it, and takes turns with the loop in every client's time. One after the other it does neither.
* Short work that must wait for the disk has other threads (:func:`asyncio.to_thread`), and is never queued behind.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

Made = TypeVar("Made")
Given = ParamSpec("Given")


def _give_back() -> None:
    """Hand memory that was freed back to the system, where the C library (glibc) keeps it for the next time."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Lane:
    """One thread, begun when it is first needed.

    One that is ``tidy`` gives back what its work before took, so that pages of any size leave no trace in memory.
    """

    def __init__(self, name: str, *, tidy: bool = False) -> None:
        self._thread, self._tidy = ThreadPoolExecutor(1, name), tidy

    async def run(self, work: Callable[Given, Made], *args: Given.args, **options: Given.kwargs) -> Made:
        """Do it when all that came before is done. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, partial(work, *args, **options))

    def _do(self, work: Callable[[], Made]) -> Made:
        if self._tidy:
            _give_back()
        return work()


READING: Final = Lane("reading", tidy=True)
"""For what an upstream sent: how long that takes is not ours to say."""

JUDGING: Final = Lane("judging")
"""For what clients wait for: judging, showing and explaining what was read."""
