"""Background work under supervision: what ends it is told, shown, and begun again, ever later.

Decided here:

* A failure is told once as long as it is the same: a sick disk does not fill itself with its own log.
* Work that lived for half a minute is well again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable

from proxy.errors import GateError

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
SETTLED_SECONDS = 30.0

Work = Callable[[], Coroutine[object, object, None]]


class Background:
    """Runs work by its name. ``trouble`` is what is wrong with each, "" or nothing where all is well."""

    def __init__(self) -> None:
        self.trouble: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, named: Iterable[tuple[str, Work]]) -> None:
        """Run each until it returns or :meth:`end` is called."""
        self._tasks += [asyncio.create_task(self._watched(name, work)) for name, work in named]

    async def end(self) -> None:
        """Cancel everything and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, name: str, problem: str) -> None:
        """Say what is wrong with something, "" where it is well again; each once as long as it is the same."""
        before = self.trouble.pop(name, "")
        if problem:
            self.trouble[name] = problem
        if problem != before:
            log.error("%s: %s", name, problem or "well again")

    async def _watched(self, name: str, work: Work) -> None:
        pause = FIRST_PAUSE
        while True:
            settled = asyncio.get_running_loop().call_later(SETTLED_SECONDS, self.tell, name, "")
            try:
                await work()
            except GateError as error:
                self.tell(name, str(error))
            except Exception as error:
                log.exception("The background work %r failed.", name)
                self.tell(name, f"{type(error).__name__}: {error}")
            else:
                self.tell(name, "")
                return
            finally:
                settled.cancel()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
