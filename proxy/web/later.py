"""An application that is made when it is first asked, or a while after the start: nobody waits for it before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send


class Made(Protocol):
    """What is made: an application, and how it ends."""

    @property
    def app(self) -> ASGIApp:
        """Answers requests."""

    async def close(self) -> None:
        """End what it began."""


class Later:
    """Makes the application once, in a thread, and hands every request on to it."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._made: Made | None = None
        self._making = asyncio.Lock()

    async def made(self) -> Made:
        """Return what is made, making it where nobody did. Raises what the making raises."""
        async with self._making:
            if self._made is None:
                self._made = await asyncio.to_thread(self._make)
            return self._made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        made = self._made or await self.made()
        await made.app(scope, receive, send)

    async def close(self) -> None:
        """End what was made, if anything was."""
        async with self._making:
            if self._made is not None:
                await self._made.close()
