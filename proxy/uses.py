"""When tokens were last used: to the minute, kept in memory and written now and then, never through the audit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from proxy.errors import StoreError
from proxy.model import Token

log = logging.getLogger(__name__)

WRITE_SECONDS = 20.0


class Uses:
    """Collects uses of tokens. Made and used on one event loop."""

    def __init__(self, write: Callable[[Mapping[str, datetime]], None]) -> None:
        self._write = write
        self._noted: dict[str, datetime] = {}
        self._waiting: dict[str, datetime] = {}

    def note(self, token: Token, at: datetime) -> None:
        """Note one use. Cheap: every request of a client with a token comes by here."""
        minute = at.replace(second=0, microsecond=0)
        if self._noted.get(token.id) != minute:
            self._noted[token.id] = self._waiting[token.id] = minute

    async def flush(self) -> None:
        """Write what was noted. Raises StoreError; what was not written waits on."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await asyncio.to_thread(self._write, waiting)
        except StoreError:
            self._waiting = {**waiting, **self._waiting}
            raise

    async def run(self) -> None:
        """Write now and then, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.flush()
            except StoreError as error:
                log.error("When tokens were used is not written: %s", error)
