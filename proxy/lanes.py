"""Long work beside the event loop: in single file, each kind of it in a lane of its own.

Decided here:

* The interpreter does one thing at a time, so long work side by side is no sooner done: it takes memory for all of
  it, and takes turns with the loop in every client's time. One after the other it does neither.
* Short work that must wait for the disk has other threads (:func:`asyncio.to_thread`), and is never queued behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

Made = TypeVar("Made")
Given = ParamSpec("Given")


class Lane:
    """One thread, begun when it is first needed."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, name)

    async def run(self, work: Callable[Given, Made], *args: Given.args, **options: Given.kwargs) -> Made:
        """Do it when all that came before is done. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **options))


READING: Final = Lane("reading")
"""For what an upstream sent: how long that takes is not ours to say."""

JUDGING: Final = Lane("judging")
"""For what clients wait for: judging, showing and explaining what was read."""
